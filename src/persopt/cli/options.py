"""Options that several commands share, and opening the workspace that they name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from persopt.settings import Settings, load_settings

if TYPE_CHECKING:
    from persopt.plugins.registry import Registry
    from persopt.runtime import Runtime

__all__ = ("home_option", "json_option", "open_registry", "open_runtime", "open_settings")

F = TypeVar("F", bound=Callable[..., Any])


def home_option(command: F) -> F:
    """Add `--home DIR`."""
    text = "The workspace folder. [default: $PERSOPT_HOME or ./persopt-data]"
    return click.option("--home", metavar="DIR", help=text)(command)


def json_option(text: str = "Print one JSON object on standard output and nothing else there.") -> Callable[[F], F]:
    """Add `--json`, given to the command as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help=text)


def open_settings(home: str | None) -> Settings:
    """Return the settings of a workspace, its path made absolute.

    Raises:
        InputError: for a setting that is not accepted.
    """
    settings = load_settings(home=home)
    return load_settings(home=str(settings.workspace))


def open_runtime(home: str | None) -> Runtime:
    """Open a workspace, making its folder where there is none.

    Raises:
        InputError: if the folder cannot be made or a setting is not accepted.
        StoreError: if the store cannot be opened.
    """
    from persopt.runtime import Runtime

    return Runtime.open(open_settings(home))


def open_registry(home: str | None, *, quiet: bool = False) -> tuple[Settings, Registry]:
    """Load the plugins alone, without a store; quietly where the command itself tells of their faults."""
    from persopt.kernel.builtin_modules import BUILTIN_MODULES
    from persopt.plugins.discovery import load_registry

    if quiet:
        logging.getLogger("persopt.plugins").setLevel(logging.CRITICAL)
    settings = open_settings(home)
    return settings, load_registry(settings, BUILTIN_MODULES)
