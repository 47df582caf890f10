"""Where plugins come from: persopt's own modules, and entry points of installed distributions."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from typing import Final

from msgspec import Struct

from persopt.plugins.markers import PROJECT
from persopt.plugins.safety import describe_exception, reraise_interrupt

__all__ = ("PluginSource", "find_entry_points", "find_modules")

GROUP: Final = PROJECT
_UNKNOWN: Final = "unknown"


class PluginSource(Struct, frozen=True, kw_only=True):
    """A plugin that can be loaded.

    Attributes:
        name: Name of the entry point, or last part of a module's name.
        target: What is imported: `module` or `module:object`.
        distribution: Distribution that it comes from.
        version: Its version; empty if it says none.
        load: Imports and returns the plugin.
        fault: Why it cannot even be tried; empty if it can.
        is_own: It is part of persopt.
    """

    name: str
    target: str
    distribution: str
    version: str
    load: Callable[[], object]
    fault: str = ""
    is_own: bool = False

    @property
    def origin(self) -> str:
        """Distribution and version, such as `persopt-lamp 1.0`."""
        return f"{self.distribution} {self.version}".strip()


def find_modules(modules: Iterable[str], *, is_own: bool = True) -> Iterator[PluginSource]:
    """Give a source for each module, by its import path."""
    try:
        version = metadata.version(PROJECT)
    except metadata.PackageNotFoundError:  # persopt is run from a folder of sources
        version = ""
    for module in modules:
        yield PluginSource(
            name=module.rpartition(".")[2],
            target=module,
            distribution=PROJECT if is_own else module.partition(".")[0],
            version=version if is_own else "",
            load=lambda module=module: importlib.import_module(module),  # type: ignore[misc]  # binds now
            is_own=is_own,
        )


def find_entry_points() -> list[PluginSource]:
    """Return a source for each entry point of the group `persopt`, in the order of distributions and names.

    A distribution whose `entry_points.txt` cannot be read makes importlib refuse all of them; then they are
    read one by one, and the unreadable one becomes a source with a fault.
    """
    try:
        found = [_as_source(point) for point in metadata.entry_points(group=GROUP)]
    except Exception:  # noqa: BLE001 - whatever somebody else's metadata raises
        found = list(_read_one_by_one())
    return sorted(found, key=lambda source: (source.distribution.casefold(), source.name, source.target))


def _as_source(point: metadata.EntryPoint) -> PluginSource:
    distribution, version = _describe_distribution(point.dist)
    return PluginSource(
        name=point.name, target=point.value, distribution=distribution, version=version, load=point.load
    )


def _read_one_by_one() -> Iterator[PluginSource]:
    seen: set[str] = set()
    for distribution in metadata.distributions():
        name, version = _describe_distribution(distribution)
        if name in seen:
            continue  # an older copy further back on the path
        seen |= {name} - {_UNKNOWN}
        try:
            yield from [_as_source(point) for point in distribution.entry_points.select(group=GROUP)]
        except Exception as error:  # noqa: BLE001 - as above
            if _may_be_plugin(distribution):
                fault = f"its entry_points.txt cannot be read: {describe_exception(error)}"
                yield PluginSource(
                    name=name, target="", distribution=name, version=version, load=lambda: None, fault=fault
                )


def _may_be_plugin(distribution: metadata.Distribution) -> bool:
    try:
        return f"[{GROUP}]" in (distribution.read_text("entry_points.txt") or "")
    except Exception:  # noqa: BLE001 - not even text, so nobody can tell
        return True


def _describe_distribution(distribution: metadata.Distribution | None) -> tuple[str, str]:
    """Return name and version, as far as the metadata tells them."""
    if distribution is None:
        return _UNKNOWN, ""
    try:
        described = distribution.metadata
        return described["Name"] or _UNKNOWN, described["Version"] or ""
    except BaseException as error:  # noqa: BLE001 - metadata that is missing or torn
        reraise_interrupt(error)
        return _UNKNOWN, ""
