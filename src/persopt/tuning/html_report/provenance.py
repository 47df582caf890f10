"""Where a study ran and on what, as named facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from persopt.domain.reports import TuneReport
from persopt.reporting.environment import name_facts, tell_environment
from persopt.reporting.locale import Locale

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ("list_facts",)


def list_facts(report: TuneReport, locale: Locale) -> list[tuple[str, Markup]]:
    """Return names and values: times, model, data, hashes, seed, hardware, versions, and whatever else is recorded."""
    return name_facts(_facts(report, locale), locale)


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
    yield from tell_environment(environment, locale)


def _times(report: TuneReport, locale: Locale) -> Iterator[tuple[str, str]]:
    moments: dict[str, list[datetime]] = {
        "started": [trial.started_at for trial in report.trials if trial.started_at is not None],
        "finished": [trial.finished_at for trial in report.trials if trial.finished_at is not None],
    }
    if moments["started"]:
        yield "started", locale.moment(min(moments["started"]))
    if moments["finished"]:
        yield "finished", locale.moment(max(moments["finished"]))
