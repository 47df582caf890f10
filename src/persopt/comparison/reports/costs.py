"""What the models cost and what they are worth: the pairs of figures that are drawn, and which models none beats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Final, Literal

from msgspec import Struct

from persopt.domain.compare_reports import ComparedModel, CompareReport
from persopt.domain.objectives import Objective, default_direction
from persopt.domain.trials import TrialRecord
from persopt.tuning.ranking import pareto_front

__all__ = ("MEGABYTE", "Axis", "Trade", "find_front", "list_trades", "mean_latency")

MEGABYTE: Final = 10**6

Axis = Literal["latency", "size", "quality"]


class Trade(Struct, frozen=True, kw_only=True):
    """Two figures of the models against each other.

    Attributes:
        across: What is to the right.
        up: What is to the top.
        models: Places of the models that have both.
        points: Those figures: milliseconds, megabytes of weights, or the task's metric.
        front: Places of the models that none of these beats in both.
    """

    across: Axis
    up: Axis
    models: list[int]
    points: list[tuple[float, float]]
    front: list[int]


def mean_latency(report: CompareReport, model: ComparedModel) -> float | None:
    """Return the geometric mean in milliseconds of the median times of a call, over the shapes that all were timed at.

    None where there is no such shape.
    """
    timed = [{(one.batch, one.length) for one in other.speed} for other in report.models if other.speed]
    shared = set.intersection(*timed) if timed else set()
    times = [one.p50 for one in model.speed if (one.batch, one.length) in shared and one.p50 > 0]
    return math.exp(fmean(map(math.log, times))) if times else None


def list_trades(report: CompareReport) -> list[Trade]:
    """Return quality against latency and size as far as there is such, or size against latency without quality."""
    values: dict[Axis, list[float | None]] = {
        "latency": [mean_latency(report, model) for model in report.models],
        "size": [model.weight_bytes / MEGABYTE for model in report.models],
        "quality": [
            model.quality[report.metric].value if report.metric in model.quality else None for model in report.models
        ],
    }
    pairs: list[tuple[Axis, Axis]] = [("latency", "quality"), ("size", "quality")]
    if sum(value is not None for value in values["quality"]) <= 1:
        pairs = [("latency", "size")]
    trades = [_make_trade(across, up, values[across], values[up], report.metric) for across, up in pairs]
    return [trade for trade in trades if len(trade.models) > 1]


def find_front(points: Sequence[Sequence[float]], objectives: Sequence[Objective]) -> list[int]:
    """Return the places of the points that no other beats: nowhere worse and somewhere better."""
    trials = [
        TrialRecord(number=place, state="succeeded", params={}, values=list(point))
        for place, point in enumerate(points)
    ]
    return [trial.number for trial in pareto_front(trials, objectives)]


def _make_trade(
    across: Axis, up: Axis, first: Sequence[float | None], second: Sequence[float | None], metric: str | None
) -> Trade:
    models, points = [], []
    for place, (one, other) in enumerate(zip(first, second, strict=True)):
        if one is not None and other is not None and math.isfinite(one) and math.isfinite(other):
            models.append(place)
            points.append((one, other))
    better = default_direction(metric or "") if up == "quality" else "minimize"
    front = find_front(points, [Objective(across, "minimize"), Objective(up, better)])
    return Trade(across=across, up=up, models=models, points=points, front=[models[place] for place in front])
