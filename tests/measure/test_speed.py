"""Speeds and their ratios, of times that the test makes up; nothing here takes the real time of anything."""

from __future__ import annotations

import itertools
import math
import random
import statistics

import numpy as np
import pytest

from persopt.measure.speed import compare_turns, measure_speed, summarize_turns
from persopt.measure.turns import TurnPlan, time_in_turn
from tests.measure.clock import Clock


def test_percentiles_and_throughput_are_of_all_counted_calls() -> None:
    times = [float(value) for value in range(1, 201)]
    found = summarize_turns([times[:50], times[50:]], batch=4, length=32)
    assert found.calls == 200
    assert (found.p50, found.p95, found.p99) == pytest.approx(tuple(np.percentile(times, (50, 95, 99))))
    assert found.throughput == pytest.approx(4 / (found.p50 / 1000))
    assert (found.batch, found.length) == (4, 32)


def test_one_call_is_timed_after_its_warm_up() -> None:
    clock = Clock()
    found = measure_speed(clock.call("a", [9.0] * 3 + [0.01] * 1000), batch=2, length=8, clock=clock)
    assert (found.p50, found.p99) == pytest.approx((10.0, 10.0))
    assert found.throughput == pytest.approx(200.0)


def test_a_planted_slow_model_is_told_to_be_slower_and_by_how_much() -> None:
    clock = Clock()
    chance = random.Random(1)
    # The machine is slowed down and let go again, for seconds at a time; both meet it.
    load = [1 + 0.8 * (number // 40 % 2) for number in range(4000)]
    first = (0.010 * load[number] * chance.lognormvariate(0, 0.05) for number in itertools.count())
    second = (0.020 * load[number] * chance.lognormvariate(0, 0.05) for number in itertools.count())
    one, other = time_in_turn((clock.call("a", first), clock.call("b", second)), TurnPlan(), clock=clock)
    speedup = compare_turns(one, other)
    assert speedup.high < 1
    assert speedup.low <= 0.5 <= speedup.high
    assert speedup.value == pytest.approx(0.5, rel=0.05)


def test_the_same_model_twice_is_told_to_be_equal_in_at_least_nine_of_ten_comparisons() -> None:
    chance = np.random.default_rng(2)
    equal = 0
    for _ in range(200):
        machine = np.exp(np.cumsum(chance.normal(0, 0.05, 30)))  # wanders off
        bursts = [1 + 4 * (chance.random(30) < 0.1) for _ in range(2)]
        first, second = (5 * machine * burst * np.exp(chance.normal(0, 0.1, 30)) for burst in bursts)
        found = compare_turns([[value] for value in first], [[value] for value in second])
        equal += found.low <= 1 <= found.high
    assert equal >= 0.9 * 200


def test_the_interval_is_students_of_the_logarithms_of_the_blocks_medians() -> None:
    from scipy import stats

    chance = np.random.default_rng(3)
    ratios = np.exp(chance.normal(0.7, 0.2, 24))
    found = compare_turns([[value] for value in ratios], [[1.0] for _ in ratios], confidence=0.9)
    blocks = [statistics.median(np.log(ratios[4 * block : 4 * block + 4])) for block in range(6)]
    low, high = stats.t.interval(0.9, 5, loc=np.mean(blocks), scale=stats.sem(blocks))
    assert (found.low, found.value, found.high) == pytest.approx(tuple(np.exp([low, np.mean(blocks), high])))
    assert found.confidence == 0.9


def test_the_interval_widens_when_the_ratio_drifts() -> None:
    ratios = np.linspace(1.5, 2.5, 30)
    shuffled = np.random.default_rng(4).permutation(ratios)
    drifting, steady = (compare_turns([[value] for value in each], [[1.0]] * 30) for each in (ratios, shuffled))
    assert math.log(drifting.high / drifting.low) > 2 * math.log(steady.high / steady.low)


def test_too_few_rounds_or_rounds_without_their_like_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 6"):
        compare_turns([[1.0]] * 5, [[1.0]] * 5)
    with pytest.raises(ValueError, match="7 and 6 rounds"):
        compare_turns([[1.0]] * 7, [[1.0]] * 6)


def test_the_rounds_wanted_are_enough_for_an_interval() -> None:
    clock = Clock()
    one, other = time_in_turn((clock.call("a", 60.0), clock.call("b", 60.0)), TurnPlan(), clock=clock)
    speedup = compare_turns(one, other)
    assert (speedup.low, speedup.high) == pytest.approx((1.0, 1.0))
