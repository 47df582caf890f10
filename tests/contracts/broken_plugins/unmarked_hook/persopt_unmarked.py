"""A plugin that forgot to mark its hook."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from persopt.plugins import PruningMethod


def persopt_pruning_methods() -> Iterable[PruningMethod[Any]]:
    """Never called."""
    return []
