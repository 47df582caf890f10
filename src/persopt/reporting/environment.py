"""Where something ran and on what, as named facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from persopt.reporting.locale import Locale

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ("name_facts", "tell_environment")

_KNOWN: Final = ("seed", "modelHash", "dataHash", "python", "platform", "cpu", "memoryBytes", "gpus", "versions")
_GIGABYTE: Final = 2**30


def name_facts(facts: Iterable[tuple[str, str]], locale: Locale) -> list[tuple[str, Markup]]:
    """Return names in the language and values in their own direction, escaped; those without a value are left out.

    Args:
        facts: Keys, of the messages `fact.<key>`, and values: text, or HTML if it is `Markup`.
        locale: Language of the names.
    """
    return [(locale.text(f"fact.{name}"), locale.isolated([value])) for name, value in facts if value]


def tell_environment(environment: Mapping[str, Any], locale: Locale) -> Iterator[tuple[str, str]]:
    """Give keys and values of an environment as a job records it: seed, system, hardware, versions, and all else."""
    if "seed" in environment:
        yield "seed", str(environment["seed"])
    yield "platform", str(environment.get("platform") or "")
    yield from _tell_hardware(environment, locale)
    yield "python", str(environment.get("python") or "")
    versions = environment.get("versions") or {}
    yield "versions", ", ".join(f"{name} {version}" for name, version in versions.items())
    others = {name: value for name, value in environment.items() if name not in _KNOWN}
    yield "more", msgspec.json.encode(others).decode() if others else ""


def _tell_hardware(environment: Mapping[str, Any], locale: Locale) -> Iterator[tuple[str, str]]:
    cpu = environment.get("cpu") or {}
    cores = (cpu.get("usableCores"), cpu.get("logicalCores"))
    parts = [str(cpu["model"])] if cpu.get("model") else []
    if None not in cores:
        parts.append(locale.text("fact.cores", usable=cores[0], logical=cores[1]))
    if parts:
        yield "cpu", locale.isolated(parts)
    yield "threads", ", ".join(f"{name}={value}" for name, value in (cpu.get("threadVariables") or {}).items())
    if environment.get("memoryBytes"):
        yield "memory", locale.text("fact.gigabytes", number=round(environment["memoryBytes"] / _GIGABYTE, 1))
    yield "gpus", ", ".join(str(gpu.get("name")) for gpu in environment.get("gpus") or ())
