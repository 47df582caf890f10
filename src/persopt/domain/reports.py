"""What a finished job gives back."""

from __future__ import annotations

from typing import Any

from persopt.domain.objectives import Constraint, Objective
from persopt.domain.saved_reports import SavedReport
from persopt.domain.space import Params
from persopt.domain.specs import TuneSpec
from persopt.domain.trials import Report, TrialRecord

__all__ = ("TuneReport",)


class TuneReport(SavedReport, frozen=True, kw_only=True, rename="camel"):
    """Result of a tuning.

    Attributes:
        objectives: What was searched for.
        best: The best trial (for several objectives the first of the Pareto front); None if none succeeded. It keeps
            the constraints unless no trial does; then it is the one that breaks them least.
        trials: Every trial, by number.
        ended_by: Why it ended: `trials` (all asked for were run), `exhausted` (no new point is left),
            `time-limit`, `target` (a trial reached the value that was asked for).
        strategy: Name of the strategy.
        space_size: Number of points of the space; None if it is continuous.
        model_path: Folder of the best model with its tokenizer; None where nothing is trained.
        artifacts: Absolute paths of the files made, by name: `report.html`, `trials.csv`, `trials.json`, and where
            there are learning curves `curves.csv` and `curves.json`; the plots, such as `history.svg`.
        seconds: Time that the search ran.
        environment: Versions, hardware, threads, hashes of model and data.
        job_id: The job, when it was one.
        importances: For each objective the share that each parameter had in reaching its best tenth (PED-ANOVA,
            Watanabe et al., 2023, arXiv:2304.10255), the largest first, together 1; empty where there is no answer.
        importance_notes: For an objective whose importances are missing or rough, why: `too-few-trials`,
            `few-trials`, `equal-values`, `nothing-varies`, `no-difference`.
        curves: The evaluations that the trials reported, by trial and step.
        spec: What was asked for, with what was detected.
        constraints: The limits that trials had to keep.
        pareto: With several objectives, the numbers of the succeeded trials within the limits than which none is
            better in everything; else empty.
        feasible: How many of the succeeded trials are within the limits; None if there are no limits.
    """

    objectives: list[Objective]
    best: TrialRecord | None
    trials: list[TrialRecord]
    ended_by: str
    strategy: str
    space_size: int | None
    model_path: str | None
    artifacts: dict[str, str]
    seconds: float
    environment: dict[str, Any]
    job_id: str | None = None
    importances: dict[str, dict[str, float]] = {}
    importance_notes: dict[str, str] = {}
    curves: list[Report] = []
    spec: TuneSpec | None = None
    constraints: list[Constraint] = []
    pareto: list[int] = []
    feasible: int | None = None

    @property
    def best_params(self) -> Params:
        """Parameters of the best trial.

        Raises:
            LookupError: if no trial succeeded.
        """
        if self.best is None:
            raise LookupError("no trial succeeded, so there are no best parameters")
        return self.best.params

    @property
    def best_value(self) -> float:
        """First objective's value of the best trial.

        Raises:
            LookupError: if no trial succeeded.
        """
        if self.best is None:
            raise LookupError("no trial succeeded, so there is no best value")
        return self.best.values[0]

    def _repr_html_(self) -> str:
        """Return a table of the trials for notebooks."""
        names = list(dict.fromkeys(name for trial in self.trials for name in trial.params))
        heads = "".join(f"<th>{name}</th>" for name in ("#", "state", *names, *(o.metric for o in self.objectives)))
        rows = []
        for trial in self.trials:
            cells = [trial.number, trial.state, *(trial.params.get(name, "") for name in names), *trial.values]
            best = " style='font-weight:bold'" if self.best and trial.number == self.best.number else ""
            rows.append(f"<tr{best}>" + "".join(f"<td>{_cell(cell)}</td>" for cell in cells) + "</tr>")
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _cell(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("&", "&amp;").replace("<", "&lt;")
