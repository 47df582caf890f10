"""Two calls in turn, on a clock of the test's own; intervals against all samples that there can be."""

from __future__ import annotations

from itertools import product
from math import comb

import pytest

from persopt.domain.errors import JobCancelledError
from persopt.measure.paired_latency import measure_in_turn, median_interval
from tests.measure.clock import Clock


@pytest.mark.parametrize(("seconds", "pairs"), [(0.001, 31), (10.0, 9), (0.1, 20)])
def test_calls_are_timed_in_turn_and_neither_always_follows_the_other(seconds: float, pairs: int) -> None:
    clock = Clock()
    looks: list[int] = []
    times = measure_in_turn(
        lambda: clock.spend("a", 2 * seconds), lambda: clock.spend("b", seconds), lambda: looks.append(1), clock
    )
    assert len(times.first) == len(times.second) == pairs
    assert times.first == pytest.approx([2000 * seconds] * pairs)
    assert times.second == pytest.approx([1000 * seconds] * pairs)
    assert times.ratios == pytest.approx([2.0] * pairs)
    assert "".join(clock.calls[6:]) == ("abba" * pairs)[: 2 * pairs]  # six calls to warm up
    assert len(looks) == pairs + 3


def test_measuring_can_be_ended() -> None:
    clock = Clock()

    def look() -> None:
        if len(clock.calls) >= 10:
            raise JobCancelledError("enough")

    with pytest.raises(JobCancelledError):
        measure_in_turn(lambda: clock.spend("a", 1), lambda: clock.spend("b", 1), look, clock)
    assert len(clock.calls) == 10


def test_the_interval_has_the_confidence_that_it_tells_and_is_the_narrowest() -> None:
    count = 9
    values = [float(number) for number in range(count)]
    low, high, confidence = median_interval([*values[4:], *values[:4]])
    first = int(low)
    # Every value falls below or above the true median with the same chance: all 2^9 ways, one by one.
    holding = sum(first < sum(below) <= count - 1 - first for below in product((0, 1), repeat=count))
    assert high == count - 1 - first
    assert confidence == pytest.approx(holding / 2**count)
    assert confidence >= 0.95
    narrower = 1 - 2 * sum(comb(count, rank) for rank in range(first + 2)) / 2**count
    assert narrower < 0.95


def test_an_interval_of_few_values_is_refused() -> None:
    with pytest.raises(ValueError, match="5 values are too few"):
        median_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert median_interval([6.0, 1.0, 2.0, 3.0, 4.0, 5.0])[:2] == (1.0, 6.0)
