"""`persopt serve` and `persopt studio`: the HTTP API, with the jobs that come by it run here."""

from __future__ import annotations

import os
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from persopt.cli.errors import EXIT_INTERRUPTED
from persopt.cli.interrupts import Interrupts
from persopt.cli.options import home_option, open_runtime
from persopt.cli.output import note

if TYPE_CHECKING:
    from persopt.server.tokens import TokenTable

__all__ = ("serve", "studio")

F = TypeVar("F", bound=Callable[..., Any])

_LOOK_SECONDS: Final = 0.2


def _server_options(command: F) -> F:
    """Add what both commands take."""
    options = (
        click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at."),
        click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: a free one."),
        click.option("--capacity", type=click.IntRange(0), default=1, show_default=True, help="Jobs run at once."),
        click.option("--allow-host", "hosts", metavar="NAME", multiple=True, help="A name that it is called by."),
        click.option("--allow-origin", "origins", metavar="URL", multiple=True, help="Origin of a page that may call."),
        click.option("--new-tokens", is_flag=True, help="Make new tokens; those made earlier are then wrong."),
        home_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@_server_options
def serve(**given: Any) -> int:
    """Serve the HTTP API and run the jobs that come by it, until interrupted.

    It listens on loopback alone. At any other address every request needs a token: PERSOPT_TOKEN (everything) and
    PERSOPT_READ_TOKEN (looking only), or two that are made at the first start and shown once.
    """
    return _serve(**given)


@click.command()
@_server_options
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
def studio(*, opens: bool, **given: Any) -> int:
    """Serve the studio in the browser, and with it all that `persopt serve` does."""
    from persopt.server.studio_page import BUILD_HINT, find_page

    page = find_page()
    if page is None:
        note(f"the studio's page is not in this installation: {BUILD_HINT}; the API is served alone")
    return _serve(**given, page=page, opens=opens)


def _serve(
    *,
    host: str,
    port: int,
    capacity: int,
    hosts: tuple[str, ...],
    origins: tuple[str, ...],
    new_tokens: bool,
    home: str | None,
    page: Path | None = None,
    opens: bool = False,
) -> int:
    from persopt.server.app import make_app
    from persopt.server.cors import read_origin
    from persopt.server.hosts import is_loopback
    from persopt.server.options import API_PREFIX, ServerOptions
    from persopt.server.serving import HttpServer, open_socket

    outside = not is_loopback(host)
    with open_runtime(home) as runtime, open_socket(host, port) as listening:
        options = ServerOptions(
            tokens=_find_tokens(runtime.settings.workspace, required=outside, renew=new_tokens),
            hosts=frozenset(name.casefold() for name in (*hosts, host)),
            any_address=outside,
            origins=frozenset(read_origin(origin) for origin in origins),
            static=page,
        )
        with (
            Interrupts() as interrupts,
            runtime.relaying(),
            runtime.supervisor(capacity=capacity),
            HttpServer(make_app(runtime, options), listening) as server,
        ):
            if page is not None:
                note(f"the studio is at {server.url}/")
            note(f"{server.url}{API_PREFIX} is served; press Ctrl-C to end")
            if page is not None and opens:
                webbrowser.open(f"{server.url}/")
            pause = threading.Event()
            while not interrupts.count:
                pause.wait(_LOOK_SECONDS)
    return EXIT_INTERRUPTED


def _find_tokens(workspace: Path, *, required: bool, renew: bool) -> TokenTable | None:
    """Return the tokens of the environment; else, where tokens are required or renewed, the workspace's own."""
    from persopt.server.tokens import TokenTable, load_tokens, take_tokens

    given = take_tokens(os.environ)
    if given:
        return TokenTable.of(given)
    if not required and not renew:
        return None
    table, made = load_tokens(workspace, renew=renew)
    for role, token in made.items():
        note(f"token to {role}: {token}")
    note("the tokens are shown this once" if made else "the tokens made at the first start hold; --new-tokens renews")
    return table
