"""A plugin that misspells its hook."""

from __future__ import annotations

from collections.abc import Iterable

from persopt.plugins import PruningMethod, hookimpl


@hookimpl
def persopt_prunning_methods() -> Iterable[PruningMethod]:  # type: ignore[type-arg]  # never called
    """Would offer nothing."""
    return ()
