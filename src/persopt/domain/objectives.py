"""What a search tries to reach: a metric and a direction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

__all__ = ("Direction", "Objective", "default_direction", "objective_values")

Direction = Literal["maximize", "minimize"]

_MINIMIZED = ("loss", "error", "latency", "perplexity", "size", "time", "seconds", "bytes")


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


def default_direction(metric: str) -> Direction:
    """Return the direction that a metric of this name is meant in: losses and costs are minimized."""
    return "minimize" if any(word in metric.lower() for word in _MINIMIZED) else "maximize"


def objective_values(objectives: Sequence[Objective], metrics: Mapping[str, float]) -> list[float] | None:
    """Return the objectives' values in their order, or None when a metric is absent or NaN."""
    values = [metrics.get(objective.metric, math.nan) for objective in objectives]
    return None if any(math.isnan(value) for value in values) else values
