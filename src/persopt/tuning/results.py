"""What a study leaves: tables of its trials, a plot, the best model, the report."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from persopt.domain.errors import OutputError
from persopt.domain.objectives import Objective
from persopt.domain.trials import TrialRecord
from persopt.tuning.plots import draw_history

__all__ = ("public_trial", "trials_table", "write_artifacts")


def write_artifacts(
    folder: Path, trials: Sequence[TrialRecord], objectives: Sequence[Objective], title: str = ""
) -> dict[str, str]:
    """Write `trials.csv`, `trials.json` and `history.svg`, each whole or not at all.

    Args:
        folder: Where to; made if need be.
        trials: Every trial, by number.
        objectives: What was searched for.
        title: Title of the plot.

    Returns:
        Absolute paths by name.

    Raises:
        OutputError: if a file cannot be written.
    """
    rows = [public_trial(trial) for trial in trials]
    writers: dict[str, Callable[[Path], object]] = {
        "trials.csv": lambda path: path.write_text(trials_table(trials, objectives), "utf-8", newline=""),
        "trials.json": lambda path: path.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2)),
        "history.svg": lambda path: draw_history(trials, objectives, path, title),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, write in writers.items():
            part = folder / f".{name}.part"
            write(part)
            part.replace(folder / name)
    except OSError as error:
        raise OutputError(f"the results cannot be written to {folder}: {error}") from error
    return {name: str((folder / name).absolute()) for name in writers}


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
