"""A plugin whose contribution is wrong in three ways at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from persopt.plugins import PruningMethod, PruningTraits, hookimpl


class Bad:
    """No proper name, no proper options, no importance."""

    name = "Bad Name"
    title = {"en": "Bad", "fa": "بد"}
    options = dict
    traits = PruningTraits()


@hookimpl
def persopt_pruning_methods() -> Iterable[PruningMethod[Any]]:
    """Offer what mypy refuses."""
    yield Bad()  # type: ignore[misc]  # broken on purpose
