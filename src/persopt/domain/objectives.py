"""What a search tries to reach (a metric and a direction), and within which limits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

__all__ = (
    "Constraint",
    "Direction",
    "Objective",
    "constraint_excesses",
    "default_direction",
    "objective_values",
    "total_violation",
)

Direction = Literal["maximize", "minimize"]

_MINIMIZED = ("loss", "error", "latency", "perplexity", "size", "time", "seconds", "bytes", "parameters")


class Objective(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One metric and whether more or less of it is better."""

    metric: Annotated[str, Meta(min_length=1, description="Name of the metric, such as accuracy or loss.")]
    direction: Direction = "maximize"

    def is_better(self, value: float, other: float) -> bool:
        """Return whether `value` is strictly better than `other`; NaN is worse than every number."""
        if math.isnan(value) or math.isnan(other):
            return not math.isnan(value)
        return value > other if self.direction == "maximize" else value < other

    def improvement(self, value: float, baseline: float) -> float:
        """Return by how many percent of `baseline` the value is better (negative: worse)."""
        if baseline == 0:
            return 0.0
        change = (value - baseline) / abs(baseline) * 100
        return change if self.direction == "maximize" else -change


class Constraint(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """Limits of one metric, both included; a trial that breaks them is never preferred to one that keeps them."""

    metric: Annotated[str, Meta(min_length=1, description="Name of the metric, such as latency.")]
    max: Annotated[float | None, Meta(description="Highest value that is accepted.")] = None
    min: Annotated[float | None, Meta(description="Lowest value that is accepted.")] = None

    def __str__(self) -> str:
        """Return the limits as they are written on the command line, such as `latency<=20`."""
        limits = (("<=", self.max), (">=", self.min))
        return ", ".join(f"{self.metric}{sign}{limit:g}" for sign, limit in limits if limit is not None)


def constraint_excesses(constraints: Sequence[Constraint], metrics: Mapping[str, float]) -> dict[str, float] | None:
    """Return by how much of each limit a metric is beyond it, 0 or less where it is kept; by limit.

    Excesses are shares of the limit (of 1 where the limit is 0), so that milliseconds and bytes can be added up.
    None when a metric is absent or NaN.
    """
    excesses: dict[str, float] = {}
    for index, constraint in enumerate(constraints):
        value = metrics.get(constraint.metric, math.nan)
        if math.isnan(value):
            return None
        for sign, name, limit in ((1, "max", constraint.max), (-1, "min", constraint.min)):
            if limit is not None:
                excesses[f"{index}:{constraint.metric}:{name}"] = sign * (value - limit) / (abs(limit) or 1.0)
    return excesses


def total_violation(constraints: Sequence[Constraint], metrics: Mapping[str, float]) -> float:
    """Return the sum of what is beyond the limits, 0 if all are kept, infinity if a metric is not known."""
    excesses = constraint_excesses(constraints, metrics)
    return math.inf if excesses is None else sum(excess for excess in excesses.values() if excess > 0)


def default_direction(metric: str) -> Direction:
    """Return the direction that a metric of this name is meant in: losses and costs are minimized."""
    return "minimize" if any(word in metric.lower() for word in _MINIMIZED) else "maximize"


def objective_values(objectives: Sequence[Objective], metrics: Mapping[str, float]) -> list[float] | None:
    """Return the objectives' values in their order, or None when a metric is absent or NaN."""
    values = [metrics.get(objective.metric, math.nan) for objective in objectives]
    return None if any(math.isnan(value) for value in values) else values
