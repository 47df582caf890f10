"""The `persopt` command: its subcommands are imported when they are used."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

import click

import persopt
from persopt.cli.errors import run_guarded
from persopt.models.quiet import hush_imports

__all__ = ("LazyGroup", "application", "main")

_COMMANDS = {
    "quickstart": "persopt.cli.quickstart:quickstart",
    "tune": "persopt.cli.tune:tune",
    "prune": "persopt.cli.prune:prune",
    "quantize": "persopt.cli.quantize:quantize",
    "compress": "persopt.cli.compress:compress",
    "compare": "persopt.cli.compare:compare",
    "measure": "persopt.cli.measure:measure",
    "jobs": "persopt.cli.jobs:jobs",
    "events": "persopt.cli.events:events",
    "plugins": "persopt.cli.plugins:plugins",
    "predict": "persopt.cli.predict:predict",
    "metrics": "persopt.cli.metrics:metrics",
    "serve": "persopt.cli.serve:serve",
    "studio": "persopt.cli.serve:studio",
}


class LazyGroup(click.Group):
    """A group whose commands are given as `module:attribute` and imported when they are asked for."""

    def __init__(self, *arguments: Any, places: Mapping[str, str], **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._places = dict(places)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they were declared."""
        del ctx
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None if there is none of that name."""
        del ctx
        if cmd_name not in self._places:
            return None
        module, _, attribute = self._places[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the words name; an unknown name is answered with the nearest ones."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=self._places, ctx=ctx) from None


@click.group(
    cls=LazyGroup,
    places=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(persopt.__version__, prog_name="persopt")
def application() -> None:
    """Better-tuned Transformers models, with measured proof.

    Every long piece of work is a job: it outlives the program that began it and can be resumed. Each command
    that shows something takes --json and then prints exactly one object on standard output.

    Exit codes: 0 success, 1 the job failed, 2 bad input, 3 not found, 4 conflict, 5 store or event bus
    unavailable, 130 cancelled or interrupted.
    """


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Args:
        arguments: The words after `persopt`; by default those of the process.
    """
    hush_imports()
    return run_guarded(lambda: _run(sys.argv[1:] if arguments is None else arguments))


def _run(words: list[str]) -> Any:
    """Run the command that the words name and return what it gives.

    Not by click's own `main`, which deals with Ctrl-C and broken pipes in ways of its own.
    """
    if "_PERSOPT_COMPLETE" in os.environ:  # a shell asks for completions
        return application.main(words, prog_name="persopt")
    with application.make_context("persopt", list(words)) as context:
        return application.invoke(context)
