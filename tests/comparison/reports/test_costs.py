from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.comparison.reports.costs import find_front, list_trades, mean_latency
from persopt.domain.objectives import Objective
from tests.support.comparison_reports import make_comparison

POINTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8)


@given(points=POINTS, maximize=st.booleans())
def test_the_front_is_what_brute_force_finds(points: list[tuple[int, int]], maximize: bool) -> None:
    sign = -1 if maximize else 1
    costs = [(x, sign * y) for x, y in points]
    expected = [
        place for place, (x, y) in enumerate(costs) if not any(a <= x and b <= y and (a, b) != (x, y) for a, b in costs)
    ]
    goals = [Objective("latency", "minimize"), Objective("quality", "maximize" if maximize else "minimize")]
    assert find_front(points, goals) == expected


def test_the_models_on_the_front_are_those_that_none_beats() -> None:
    trades = list_trades(make_comparison())
    assert [(trade.across, trade.up) for trade in trades] == [("latency", "quality"), ("size", "quality")]
    # The second is fastest, the first best; the third is slower and worse than the first, but smaller.
    assert [trade.front for trade in trades] == [[0, 1], [0, 1]]


def test_a_model_without_quality_is_not_drawn_and_without_any_cost_meets_cost() -> None:
    assert [trade.models for trade in list_trades(make_comparison(unjudged=(1,)))] == [[0, 2], [0, 2]]
    (trade,) = list_trades(make_comparison(labelled=False))
    assert (trade.across, trade.up, trade.front) == ("latency", "size", [1])


def test_the_latency_is_the_geometric_mean_over_the_shapes_that_all_have() -> None:
    report = make_comparison()
    first = report.models[0]
    assert mean_latency(report, first) == pytest.approx(math.prod(one.p50 for one in first.speed) ** 0.25)
    shorter = msgspec.structs.replace(report.models[1], speed=report.models[1].speed[1:3])
    report = msgspec.structs.replace(report, models=[first, shorter, report.models[2]])
    assert mean_latency(report, first) == pytest.approx(math.sqrt(first.speed[1].p50 * first.speed[2].p50))
