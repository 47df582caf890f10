"""Finding and loading plugins, built-in and installed.

persopt's own modules come first, then entry points of the group `persopt`, in the order of their distributions'
names, so that of two that offer the same name it never depends on the machine which one stays.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from persopt.domain.errors import PluginError
from persopt.plugins.blocking import explain_unknown_names
from persopt.plugins.loading import PluginLoader
from persopt.plugins.registry import Registry
from persopt.plugins.sources import PluginSource, find_entry_points, find_modules
from persopt.settings import Settings

__all__ = ("load_modules", "load_registry")

_log = logging.getLogger(__name__)


def load_registry(settings: Settings, builtin_modules: Sequence[str]) -> Registry:
    """Load persopt's own plugins and every installed one.

    What a plugin does wrong, while it is imported, registered, called or checked, is written in its record and
    logged; not even `SystemExit` gets out. What it prints goes to standard error, so that standard output
    stays the program's own. A name to be blocked that no plugin has is a warning, logged and kept in the registry.

    Args:
        settings: Names the blocked plugins, and says whether to be strict.
        builtin_modules: Import paths of persopt's own plugin modules.

    Raises:
        PluginError: for the first broken plugin, if `settings.strict_plugins`.
    """
    return _load([*find_modules(builtin_modules), *find_entry_points()], settings)


def load_modules(modules: Iterable[str], settings: Settings) -> Registry:
    """Load plugin modules by their import paths as if they were installed, and nothing else; for tests.

    Raises:
        PluginError: as `load_registry` does.
    """
    return _load(find_modules(modules, is_own=False), settings)


def _load(sources: Iterable[PluginSource], settings: Settings) -> Registry:
    loader = PluginLoader(settings.block_plugins)
    found = list(sources)
    warnings = explain_unknown_names(settings.block_plugins, found)
    for warning in warnings:
        _log.warning("%s", warning)
    for source in found:
        record = loader.load(source)
        for fault in record.faults:
            _log.warning("plugin %r of %s: %s", record.name, record.origin, fault)
        if record.faults and settings.strict_plugins:
            raise PluginError(record.name, record.origin, "; ".join(record.faults))
    return Registry(loader.records, loader.offers, warnings)
