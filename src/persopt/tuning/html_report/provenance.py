"""Where a study ran and on what, as named facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from persopt.domain.reports import TuneReport
from persopt.reporting.locale import Locale

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ("list_facts",)

_KNOWN: Final = ("seed", "modelHash", "dataHash", "python", "platform", "cpu", "memoryBytes", "gpus", "versions")
_GIGABYTE: Final = 2**30


def list_facts(report: TuneReport, locale: Locale) -> list[tuple[str, Markup]]:
    """Return names and values: times, model, data, hashes, seed, hardware, versions, and whatever else is recorded."""
    return [(locale.text(f"fact.{name}"), locale.isolated([value])) for name, value in _facts(report, locale) if value]


def _facts(report: TuneReport, locale: Locale) -> Iterator[tuple[str, str]]:
    environment, spec = report.environment, report.spec
    yield "job", report.job_id or ""
    yield from _times(report, locale)
    if spec is not None:
        yield "model", spec.base_model_path
        yield "modelHash", str(environment.get("modelHash") or "")
        yield "data", spec.dataset_path
        yield "dataHash", str(environment.get("dataHash") or "")
        yield "function", spec.function or ""
        yield "command", spec.command or ""
        yield "task", spec.task or ""
    if "seed" in environment:
        yield "seed", str(environment["seed"])
    yield "platform", str(environment.get("platform") or "")
    yield from _hardware(environment, locale)
    yield "python", str(environment.get("python") or "")
    versions = environment.get("versions") or {}
    yield "versions", ", ".join(f"{name} {version}" for name, version in versions.items())
    others = {name: value for name, value in environment.items() if name not in _KNOWN}
    yield "more", msgspec.json.encode(others).decode() if others else ""


def _times(report: TuneReport, locale: Locale) -> Iterator[tuple[str, str]]:
    moments: dict[str, list[datetime]] = {
        "started": [trial.started_at for trial in report.trials if trial.started_at is not None],
        "finished": [trial.finished_at for trial in report.trials if trial.finished_at is not None],
    }
    if moments["started"]:
        yield "started", locale.moment(min(moments["started"]))
    if moments["finished"]:
        yield "finished", locale.moment(max(moments["finished"]))


def _hardware(environment: Mapping[str, Any], locale: Locale) -> Iterator[tuple[str, str]]:
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
