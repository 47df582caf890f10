"""What a study leaves: tables of its trials and curves, plots, the report for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from persopt.domain.errors import OutputError
from persopt.domain.objectives import Objective
from persopt.domain.reports import TuneReport
from persopt.domain.trials import Report, TrialRecord
from persopt.tuning.html_report.document import make_html, tuning_locale
from persopt.tuning.plots.gallery import draw_plots

__all__ = ("curves_table", "public_trial", "trials_table", "write_artifacts")


def write_artifacts(folder: Path, report: TuneReport) -> dict[str, str]:
    """Write `report.html`, `trials.csv`, `trials.json`, the curves likewise, and the plots, each whole or not at all.

    The language is that of the report's spec; English without one.

    Args:
        folder: Where to; made if need be.
        report: The study.

    Returns:
        Absolute paths by name.

    Raises:
        OutputError: if a file cannot be written.
    """
    language = "en" if report.spec is None else report.spec.report_language
    plots = draw_plots(report, tuning_locale(language))
    files = {
        "report.html": make_html(report, language, plots).encode(),
        "trials.csv": trials_table(report.trials, report.objectives).encode(),
        "trials.json": _json([public_trial(trial) for trial in report.trials]),
    }
    if report.curves:
        files["curves.csv"] = curves_table(report.curves).encode()
        files["curves.json"] = _json(report.curves)
    files |= {f"{name}.svg": svg.encode() for name, svg in plots.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            part = folder / f".{name}.part"
            part.write_bytes(content)
            part.replace(folder / name)
    except OSError as error:
        raise OutputError(f"the results cannot be written to {folder}: {error}") from error
    return {name: str((folder / name).absolute()) for name in files}


def public_trial(trial: TrialRecord) -> dict[str, Any]:
    """Return a trial as plain data with camelCase names, without what only the sampler understands."""
    plain: dict[str, Any] = msgspec.to_builtins(trial)
    del plain["attributes"]
    return plain


def trials_table(trials: Sequence[TrialRecord], objectives: Sequence[Objective]) -> str:
    """Return the trials as CSV.

    Columns: number, state, attempt, seconds, `params.*`, `values.*` (the objectives), `metrics.*` (all
    metrics), fault. A parameter that a trial does not have and a value that it did not reach are empty.
    """
    params = list(dict.fromkeys(name for trial in trials for name in trial.params))
    metrics = sorted({name for trial in trials for name in trial.metrics})
    names = [objective.metric for objective in objectives]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            *("number", "state", "attempt", "seconds"),
            *(f"params.{name}" for name in params),
            *(f"values.{name}" for name in names),
            *(f"metrics.{name}" for name in metrics),
            "fault",
        ]
    )
    for trial in trials:
        values: list[float | str] = [*trial.values] or [""] * len(names)
        writer.writerow(
            [
                *(trial.number, trial.state, trial.attempt, "" if trial.seconds is None else round(trial.seconds, 3)),
                *(trial.params.get(name, "") for name in params),
                *values,
                *(trial.metrics.get(name, "") for name in metrics),
                trial.fault.message if trial.fault is not None else "",
            ]
        )
    return text.getvalue()


def curves_table(curves: Sequence[Report]) -> str:
    """Return the learning curves as CSV: number, step, share, a column a metric; what is not known is empty."""
    metrics = sorted({name for report in curves for name in report.metrics})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["number", "step", "share", *metrics])
    for report in curves:
        share = "" if report.share is None else round(report.share, 6)
        writer.writerow([report.number, report.step, share, *(report.metrics.get(name, "") for name in metrics)])
    return text.getvalue()


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)
