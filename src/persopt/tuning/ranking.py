"""Which trial is the best, and which are on the Pareto front."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from persopt.domain.objectives import Constraint, Objective, total_violation
from persopt.domain.trials import TrialRecord

__all__ = ("best_so_far", "feasible_trials", "find_best", "front_numbers", "is_better", "pareto_front")


def is_better(
    one: TrialRecord,
    other: TrialRecord | None,
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint] = (),
) -> bool:
    """Return whether a trial is better than another, or than none.

    A trial that breaks the constraints less comes before one that breaks them more; all that keep them are alike
    in this. Then one that reached its end comes before one that was stopped, whatever their values: they were
    not measured alike. Values are compared by the first objective, equal ones by the next, so with several
    objectives the best lies on the Pareto front; of equal trials the earlier number is better, whichever ended
    first.
    """
    if other is None:
        return True
    return _rank(one, objectives, constraints) < _rank(other, objectives, constraints)


def find_best(
    trials: Iterable[TrialRecord], objectives: Sequence[Objective], constraints: Sequence[Constraint] = ()
) -> TrialRecord | None:
    """Return the best of the trials that have values, or None."""
    best = None
    for trial in trials:
        if trial.state in ("succeeded", "stopped") and trial.values and is_better(trial, best, objectives, constraints):
            best = trial
    return best


def feasible_trials(trials: Iterable[TrialRecord], constraints: Sequence[Constraint]) -> list[TrialRecord]:
    """Return the succeeded trials that keep every constraint, in their order."""
    return [
        trial
        for trial in trials
        if trial.state == "succeeded" and trial.values and total_violation(constraints, trial.metrics) == 0
    ]


def pareto_front(
    trials: Sequence[TrialRecord], objectives: Sequence[Objective], constraints: Sequence[Constraint] = ()
) -> list[TrialRecord]:
    """Return, by number, the feasible succeeded trials that none of them dominates.

    One dominates another when it is nowhere worse and somewhere better; equal trials are all on the front. Where
    no trial keeps the constraints the front is empty.
    """
    # Sorted by their values, no trial is dominated by a later one: comparing with the front so far is enough.
    costs = sorted((*_costs(trial, objectives), trial.number) for trial in feasible_trials(trials, constraints))
    front: list[tuple[float, ...]] = []
    for *cost, number in costs:
        if not any(_dominates(other, cost) for other in front):
            front.append((*cost, number))
    numbers = {int(number) for *_, number in front}
    return sorted((trial for trial in trials if trial.number in numbers), key=lambda trial: trial.number)


def front_numbers(
    trials: Sequence[TrialRecord], objectives: Sequence[Objective], constraints: Sequence[Constraint] = ()
) -> list[int]:
    """Return the numbers of the trials on the Pareto front; none with one objective, where the best one says it."""
    if len(objectives) <= 1:
        return []
    return [trial.number for trial in pareto_front(trials, objectives, constraints)]


def best_so_far(
    trials: Sequence[TrialRecord], objective: Objective, index: int = 0, constraints: Sequence[Constraint] = ()
) -> list[float | None]:
    """Return for each trial the best value of one objective among it and the feasible ones before it."""
    feasible = {trial.number for trial in feasible_trials(trials, constraints)}
    best: float | None = None
    line: list[float | None] = []
    for trial in trials:
        if trial.number in feasible and (best is None or objective.is_better(trial.values[index], best)):
            best = trial.values[index]
        line.append(best)
    return line


def _rank(trial: TrialRecord, objectives: Sequence[Objective], constraints: Sequence[Constraint]) -> tuple[float, ...]:
    violation = total_violation(constraints, trial.metrics)
    return (violation, float(trial.state != "succeeded"), *_costs(trial, objectives), trial.number)


def _costs(trial: TrialRecord, objectives: Sequence[Objective]) -> list[float]:
    """Return the values with signs such that less is better."""
    return [
        -value if objective.direction == "maximize" else value
        for value, objective in zip(trial.values, objectives, strict=True)
    ]


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    """Return whether costs, of which `one` may have more behind, are nowhere higher and somewhere lower."""
    return all(a <= b for a, b in zip(one, other, strict=False)) and any(
        a < b for a, b in zip(one, other, strict=False)
    )
