"""A plugin whose hook forgets to return."""

from __future__ import annotations

from persopt.plugins import hookimpl


@hookimpl
def persopt_pruning_methods() -> None:
    """Return nothing at all."""
