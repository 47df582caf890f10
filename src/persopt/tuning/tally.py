"""How far a study is: what has ended, what failed, which trial is the best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from persopt.domain.jobs import Progress
from persopt.domain.objectives import Constraint, Objective
from persopt.domain.trials import TrialRecord
from persopt.tuning.ranking import is_better
from persopt.tuning.verdicts import LiveTrial

__all__ = ("Tally",)


class Tally:
    """Counts the trials that have ended.

    Attributes:
        done: Trials that have ended.
        failed: Those among them that failed.
        best: The best one that has values; see `ranking.is_better`.
        has_success: Whether a trial reached its end with values.
    """

    def __init__(self, objectives: Sequence[Objective], constraints: Sequence[Constraint] = ()) -> None:
        self._objectives = objectives
        self._constraints = constraints
        self.done = 0
        self.failed = 0
        self.best: TrialRecord | None = None
        self.has_success = False

    def add(self, record: TrialRecord) -> None:
        """Count a trial that has ended."""
        self.done += 1
        self.failed += record.state == "failed"
        self.has_success |= record.state == "succeeded" and bool(record.values)
        if record.values and is_better(record, self.best, self._objectives, self._constraints):
            self.best = record

    def progress(self, total: int | None, running: Iterable[LiveTrial]) -> Progress:
        """Return how far the study is, running trials counted by their share."""
        share = None
        if total:
            share = min(1.0, (self.done + sum(trial.share for trial in running)) / total)
        return Progress(
            done=self.done,
            total=total,
            failed=self.failed,
            best=self.best.values[0] if self.best is not None else None,
            share=share,
            message=f"{self.done} of {total} trials" if total else f"{self.done} trials",
        )
