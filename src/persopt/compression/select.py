"""Which candidate is chosen, and which are on the front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from persopt.domain.compress_reports import CandidateReport
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.objectives import Constraint, Objective, total_violation
from persopt.domain.trials import TrialRecord
from persopt.tuning.ranking import find_best, front_numbers

__all__ = ("DROP_LIMIT", "choose", "front_of", "list_constraints", "list_objectives", "mark")

DROP_LIMIT: Final = "dropBound"
"""The metric that the limit of points lost is of: what is lost at most, as sure as the spec wants to be."""


def list_objectives(spec: CompressSpec) -> tuple[Objective, ...]:
    """Return what a search minimizes: first what was asked for, then the points lost."""
    return (Objective(metric=spec.minimize, direction="minimize"), Objective(metric="drop", direction="minimize"))


def list_constraints(spec: CompressSpec, original: float) -> tuple[Constraint, ...]:
    """Return the limits; what is minimized must at least be below the original's.

    Args:
        spec: Resolved: its limits are numbers.
        original: What is minimized, of the original.
    """
    below = original * (1 - 1e-9)
    given = {DROP_LIMIT: spec.max_accuracy_drop, "size": spec.max_size, "latency": spec.max_latency}
    limits = {name: float(limit) for name, limit in given.items() if limit is not None}
    limits[spec.minimize] = min(limits.get(spec.minimize, below), below)
    return tuple(Constraint(metric=name, max=limit) for name, limit in limits.items())


def choose(
    candidates: Sequence[CandidateReport], spec: CompressSpec, constraints: Sequence[Constraint]
) -> CandidateReport | None:
    """Return the judged candidate within the limits that has least of what is minimized, else the nearest to them.

    The nearest is the one whose excesses, as shares of the limits, sum up to least. Equal ones are decided by the
    points lost, then by their number.
    """
    trials = [_as_trial(one, spec) for one in candidates if one.state == "judged"]
    best = find_best(trials, list_objectives(spec), constraints)
    return None if best is None else next(one for one in candidates if one.number == best.number)


def front_of(candidates: Sequence[CandidateReport], spec: CompressSpec) -> list[int]:
    """Return the numbers of the judged candidates than which none is better in both objectives, whatever the limits."""
    trials = [_as_trial(one, spec) for one in candidates if one.state == "judged"]
    return front_numbers(trials, list_objectives(spec))


def mark(
    candidates: Sequence[CandidateReport], spec: CompressSpec, constraints: Sequence[Constraint]
) -> list[CandidateReport]:
    """Return the candidates with what they are among all of them."""
    front = set(front_of(candidates, spec))
    return [
        msgspec.structs.replace(
            one,
            on_front=one.number in front,
            within=one.state == "judged" and total_violation(constraints, one.metrics) == 0,
        )
        for one in candidates
    ]


def _as_trial(candidate: CandidateReport, spec: CompressSpec) -> TrialRecord:
    values = [candidate.metrics[objective.metric] for objective in list_objectives(spec)]
    return TrialRecord(
        number=candidate.number, state="succeeded", params={}, values=values, metrics=dict(candidate.metrics)
    )
