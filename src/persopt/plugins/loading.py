"""Loading one plugin after the other; whatever goes wrong with one is kept as a sentence, and the next is loaded."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterable
from typing import Any, Final

import pluggy
from msgspec import Struct

from persopt.domain.names import suggest
from persopt.plugins import hookspecs
from persopt.plugins.checks import check_contribution
from persopt.plugins.markers import PROJECT
from persopt.plugins.points import PLUGIN_POINTS, PluginPoint
from persopt.plugins.registry import Offer, PluginRecord
from persopt.plugins.safety import describe_exception, reraise_interrupt
from persopt.plugins.sources import PluginSource

__all__ = ("HEAVY_MODULES", "PluginLoader")

HEAVY_MODULES: Final = ("torch", "transformers", "optuna", "onnxruntime", "datasets", "sklearn", "matplotlib")


class _BrokenPluginError(Exception):
    """A step went wrong, in one sentence; nothing more can be had from it."""


class _Findings(Struct, kw_only=True):
    """What is learnt of a plugin while it is loaded."""

    seconds: float = 0.0
    offers: list[Offer] = []
    faults: list[str] = []
    warnings: list[str] = []


class PluginLoader:
    """Loads plugins and gathers what they offer.

    Args:
        blocked: Names of entry points or distributions that are not to be imported.

    Attributes:
        records: One of each plugin so far.
        offers: Every contribution that was taken so far.
    """

    def __init__(self, blocked: Iterable[str] = ()) -> None:
        self._blocked = frozenset(blocked)
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._takers: dict[tuple[str, str], PluginSource] = {}
        self.records: list[PluginRecord] = []
        self.offers: list[Offer] = []

    def load(self, source: PluginSource) -> PluginRecord:
        """Load one plugin and return its record; raises nothing but `KeyboardInterrupt`."""
        found = _Findings()
        is_blocked = not source.is_own and not self._blocked.isdisjoint((source.name, source.distribution))
        if not is_blocked:
            before = _list_heavy()
            with contextlib.redirect_stdout(sys.stderr):
                self._take(source, found)
            if heavy := sorted(_list_heavy() - before):
                names = " and ".join(heavy)
                found.warnings.append(
                    f"imports {names} when it is loaded, for which every start waits; do it in methods"
                )
        record = PluginRecord(
            name=source.name,
            module=source.target,
            distribution=source.distribution,
            version=source.version,
            seconds=found.seconds,
            contributions=[f"{offer.point.kind}:{offer.contribution.name}" for offer in found.offers],
            faults=found.faults,
            warnings=found.warnings,
            blocked=is_blocked,
        )
        self.records.append(record)
        self.offers += found.offers
        return record

    def _take(self, source: PluginSource, found: _Findings) -> None:
        try:
            plugin = _import(source, found)
            self._register(source, plugin)
            hooks = self._list_hooks(plugin)
        except _BrokenPluginError as error:
            found.faults.append(str(error))
            return
        for point, implementation in hooks:
            try:
                contributions = _call(implementation)
            except _BrokenPluginError as error:
                found.faults.append(str(error))
                continue
            for contribution in contributions:
                self._offer(source, point, contribution, found)

    def _register(self, source: PluginSource, plugin: object) -> None:
        other = self._manager.get_name(plugin)
        if other is not None:
            raise _BrokenPluginError(f"{source.target!r} is already loaded as {other!r}")
        name = source.name
        if self._manager.has_plugin(name):
            name = f"{source.name} of {source.distribution}"
        try:
            self._manager.register(plugin, name)
            # After each plugin, for it stops at the first unknown hook and would not say of whom the others are.
            self._manager.check_pending()
        except BaseException as error:
            reraise_interrupt(error)
            if self._manager.is_registered(plugin):
                self._manager.unregister(plugin)
            raise _BrokenPluginError(_describe_refusal(error, plugin)) from error

    def _list_hooks(self, plugin: object) -> list[tuple[PluginPoint, pluggy.HookImpl]]:
        """Return the plugin's own implementations; each is called by itself, so that its faults are known as its."""
        hooks = [
            (point, implementation)
            for point in PLUGIN_POINTS
            for implementation in getattr(self._manager.hook, point.hook).get_hookimpls()
            if implementation.plugin is plugin
        ]
        if not hooks:
            raise _BrokenPluginError(f"offers nothing: {_explain_nothing(plugin)}")
        return hooks

    def _offer(self, source: PluginSource, point: PluginPoint, contribution: Any, found: _Findings) -> None:
        faults = check_contribution(contribution, point)
        if faults:
            found.faults += faults
            return
        key = (point.kind, contribution.name)
        taker = self._takers.get(key)
        if taker is not None:
            found.faults.append(f"{contribution.name!r} is already offered by {taker.name!r} ({taker.origin})")
            return
        self._takers[key] = source
        found.offers.append(Offer(point=point, contribution=contribution, origin=source.origin))


def _import(source: PluginSource, found: _Findings) -> object:
    if source.fault:
        raise _BrokenPluginError(source.fault)
    started = time.perf_counter()
    try:
        return source.load()
    except BaseException as error:  # SystemExit too: a plugin does not end the program
        reraise_interrupt(error)
        raise _BrokenPluginError(f"import of {source.target!r} raised {describe_exception(error)}") from error
    finally:
        found.seconds = time.perf_counter() - started


def _call(implementation: pluggy.HookImpl) -> list[object]:
    name = f"{implementation.function.__name__}()"
    if implementation.wrapper or implementation.hookwrapper:
        raise _BrokenPluginError(f"{name} is marked as a wrapper, which persopt does not call")
    returned: object = None
    try:
        returned = implementation.function()
        if isinstance(returned, Iterable):
            return list(returned)
    except BaseException as error:
        reraise_interrupt(error)
        raise _BrokenPluginError(f"{name} raised {describe_exception(error)}") from error
    raise _BrokenPluginError(f"{name} must return or yield contributions, got {returned!r}")


def _describe_refusal(error: BaseException, plugin: object) -> str:
    """Return pluggy's own text in one line; of an unknown hook with the module's name only, and what was meant."""
    if not isinstance(error, pluggy.PluginValidationError):
        return f"cannot be registered: {describe_exception(error)}"
    text = "; ".join(str(error).splitlines())
    if not text.startswith("unknown hook "):
        return text
    hook = text.split("'")[1]
    name = getattr(plugin, "__name__", type(plugin).__name__)
    return f"unknown hook {hook!r} in plugin <module {name!r}>{suggest(hook, _list_hook_names())}"


def _explain_nothing(plugin: object) -> str:
    names = _list_hook_names()
    unmarked = [name for name in names if callable(getattr(plugin, name, None))]
    return (
        f"{unmarked[0]}() is not marked with @hookimpl" if unmarked else f"it has none of the hooks {', '.join(names)}"
    )


def _list_hook_names() -> list[str]:
    return [point.hook for point in PLUGIN_POINTS]


def _list_heavy() -> set[str]:
    return {name for name in HEAVY_MODULES if name in sys.modules}
