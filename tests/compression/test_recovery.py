"""What training is expected to bring back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.compression.recovery import expect_drop

POINTS = st.lists(st.tuples(st.integers(1, 40).map(float), st.integers(-2, 20).map(float)), max_size=6)


def test_before_anything_is_known_three_quarters_are_expected_to_come_back() -> None:
    assert expect_drop(4.0, []) == 1.0
    assert expect_drop(0.0, []) == 0.0


@given(POINTS.filter(lambda known: len({lost for lost, _ in known}) == len(known) > 0), st.floats(0, 40))
def test_between_what_is_known_it_is_a_line(known: list[tuple[float, float]], one_shot: float) -> None:
    """Against NumPy's interpolation of the running maximum."""
    known = sorted(known)
    before = [0.0, *(lost for lost, _ in known)]
    after = np.maximum.accumulate([0.0, *(left for _, left in known)])
    if one_shot < before[-1]:
        assert expect_drop(one_shot, known) == pytest.approx(np.interp(one_shot, before, after))


@given(POINTS, st.floats(-9, 60), st.floats(-9, 60))
def test_who_lost_more_is_not_expected_to_lose_less(known: list[tuple[float, float]], one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert expect_drop(low, known) <= expect_drop(high, known) + 1e-9


def test_a_share_that_stayed_lost_is_expected_to_stay_lost_beyond() -> None:
    assert expect_drop(20.0, [(10.0, 6.0)]) == pytest.approx(12.0)
