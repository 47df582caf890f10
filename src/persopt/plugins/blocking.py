"""Plugins that the settings keep out: how that is told, and names among them that block nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from persopt.domain.names import describe_choices
from persopt.plugins.sources import PluginSource

__all__ = ("BLOCKED", "UNBLOCK", "explain_unknown_names")

BLOCKED: Final = "is installed, but blocked by the settings"
UNBLOCK: Final = "take it out of PERSOPT_BLOCK_PLUGINS, or of block_plugins in persopt.toml"


def explain_unknown_names(blocked: Iterable[str], sources: Iterable[PluginSource]) -> list[str]:
    """Return a sentence for each name to be blocked that no plugin has which can be.

    Args:
        blocked: Names of entry points or distributions.
        sources: All plugins that were found; persopt's own cannot be blocked.
    """
    there = {name for source in sources if not source.is_own for name in (source.name, source.distribution)}
    return [
        f"PERSOPT_BLOCK_PLUGINS, or block_plugins in persopt.toml, blocks nothing by a name that no installed plugin "
        f"has: {describe_choices(name, there)}"
        for name in dict.fromkeys(blocked)
        if name not in there
    ]
