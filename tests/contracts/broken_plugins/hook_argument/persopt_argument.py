"""A plugin whose hook wants an argument that there is not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from persopt.plugins import PruningMethod, hookimpl


@hookimpl
def persopt_pruning_methods(x: int) -> Iterable[PruningMethod[Any]]:
    """Offer nothing, x times."""
    return [] * x
