"""A plugin that yields a class where an object is wanted, and prints while it is imported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from persopt.plugins import PruningMethod, PruningTraits, hookimpl

print("loading...")  # noqa: T201 - what is tested


class Forgotten:
    """Nobody made one."""

    name = "forgotten"
    traits = PruningTraits()


@hookimpl
def persopt_pruning_methods() -> Iterable[PruningMethod[Any]]:
    """Offer what mypy refuses."""
    yield Forgotten  # type: ignore[misc]  # broken on purpose
