"""A plugin whose hook raises."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from persopt.plugins import PruningMethod, hookimpl


@hookimpl
def persopt_pruning_methods() -> Iterable[PruningMethod[Any]]:
    """Divide by zero."""
    return [] * int(1 / 0)
