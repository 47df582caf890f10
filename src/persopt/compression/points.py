"""How much of a task's metric is lost, in points."""

from __future__ import annotations

from statistics import NormalDist
from typing import Final

from persopt.domain.measurements import Estimate
from persopt.domain.objectives import default_direction

__all__ = ("bound_points", "count_points")

_OF_HUNDRED: Final = frozenset({"bleu", "chrf"})
"""Metrics that are points already."""


def count_points(metric: str, before: float, change: Estimate) -> Estimate:
    """Return the points lost, less than 0 where something was won.

    Of a share, such as accuracy, a point is a hundredth; of BLEU it is one of its own; of what is minimized, such as
    perplexity, it is a percent of the original's.

    Args:
        metric: Its name.
        before: Of the original.
        change: The other's less the original's.
    """
    if default_direction(metric) == "minimize":
        factor = 100 / before if before else 100.0
        low, high = factor * change.low, factor * change.high
    else:
        factor = -1.0 if metric in _OF_HUNDRED else -100.0
        low, high = factor * change.high, factor * change.low
    value, low, high = (one + 0.0 for one in (factor * change.value, low, high))  # no -0
    return Estimate(value=value, low=low, high=high, confidence=change.confidence)


def bound_points(drop: Estimate, confidence: float) -> float:
    """Return the points that are lost at most, with a probability.

    The upper half of the interval is taken for that of a normal distribution, so at 0.5 the bound is the estimate.

    Args:
        drop: Points lost, with their interval.
        confidence: The probability, from 0.5 to less than 1.
    """
    normal = NormalDist()
    ends_at = normal.inv_cdf((1 + drop.confidence) / 2)
    return drop.value + (drop.high - drop.value) * normal.inv_cdf(confidence) / ends_at
