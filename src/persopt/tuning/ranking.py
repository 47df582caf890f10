"""Which trial is the best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from persopt.domain.objectives import Objective
from persopt.domain.trials import TrialRecord

__all__ = ("best_so_far", "find_best", "is_better")


def is_better(one: TrialRecord, other: TrialRecord | None, objectives: Sequence[Objective]) -> bool:
    """Return whether a trial is better than another, or than none.

    A trial that reached its end comes before one that was stopped, whatever their values: they were not
    measured alike. Values are compared by the first objective, equal ones by the next, so with several
    objectives the best lies on the Pareto front; of equal trials the earlier number is better, whichever ended
    first.
    """
    if other is None:
        return True
    return _rank(one, objectives) < _rank(other, objectives)


def find_best(trials: Iterable[TrialRecord], objectives: Sequence[Objective]) -> TrialRecord | None:
    """Return the best of the trials that have values, or None."""
    best = None
    for trial in trials:
        if trial.state in ("succeeded", "stopped") and trial.values and is_better(trial, best, objectives):
            best = trial
    return best


def best_so_far(trials: Sequence[TrialRecord], objective: Objective, index: int = 0) -> list[float | None]:
    """Return for each trial the best value of one objective among it and the succeeded ones before it."""
    best: float | None = None
    line: list[float | None] = []
    for trial in trials:
        if trial.state == "succeeded" and (best is None or objective.is_better(trial.values[index], best)):
            best = trial.values[index]
        line.append(best)
    return line


def _rank(trial: TrialRecord, objectives: Sequence[Objective]) -> tuple[float, ...]:
    signed = (
        -value if objective.direction == "maximize" else value
        for value, objective in zip(trial.values, objectives, strict=True)
    )
    return (float(trial.state != "succeeded"), *signed, trial.number)
