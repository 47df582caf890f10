from __future__ import annotations

import math
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.tuning.stopping.domination import Losses, count_ahead, crowding_distances, dominates, sort_fronts

points = st.integers(1, 3).flatmap(
    lambda size: st.lists(st.tuples(*[st.sampled_from([0.0, 1.0, 2.0, 3.5])] * size), min_size=1, max_size=9)
)


def peel(left: list[Losses]) -> list[list[Losses]]:
    """Take away what nobody dominates, again and again: the definition, by brute force."""
    fronts = []
    while left:
        front = [p for p in left if not any(all(a <= b for a, b in zip(q, p, strict=True)) and q != p for q in left)]
        fronts.append(front)
        left = [p for p in left if p not in front]
    return fronts


@settings(max_examples=60, deadline=None)
@given(points)
def test_fronts_are_what_is_left_when_the_earlier_ones_are_taken_away(given: list[Losses]) -> None:
    fronts = sort_fronts(given)
    expected = peel(list(given))
    assert [
        sorted(p for p, front in zip(given, fronts, strict=True) if front == place) for place in range(len(expected))
    ] == [sorted(front) for front in expected]


@settings(max_examples=60, deadline=None)
@given(points)
def test_a_dominating_point_is_ahead_and_the_order_does_not_depend_on_the_places(given: list[Losses]) -> None:
    ahead = {point: count_ahead(given, given.index(point)) for point in given}
    for one in given:
        for other in given:
            if dominates(one, other):
                assert ahead[one] < ahead[other]
    mixed = random.Random(0).sample(given, len(given))
    assert {point: count_ahead(mixed, mixed.index(point)) for point in given} == ahead


@given(st.lists(st.sampled_from([1.0, 2.0, 2.0, 3.0, 5.0]), min_size=1, max_size=9))
def test_with_one_objective_it_is_the_order_of_the_values(values: list[float]) -> None:
    given = [(value,) for value in values]
    assert [count_ahead(given, index) for index in range(len(given))] == [
        sum(other < value for other in values) for value in values
    ]


def test_crowding_distances_are_those_of_the_paper() -> None:
    # Deb et al. (2002), by hand: (4-0)/10 + (10-3)/10 of the second point, (10-1)/10 + (6-0)/10 of the third.
    front = [(0.0, 10.0), (1.0, 6.0), (4.0, 3.0), (10.0, 0.0), (1.0, 6.0)]
    far = crowding_distances(front)
    assert far[0] == far[3] == math.inf
    assert [round(value, 9) for value in (far[1], far[2], far[4])] == [1.1, 1.5, 1.1]
