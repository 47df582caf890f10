"""Speeds on a clock of the test's own: what is planted is found, and copies are called equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from persopt.comparison.timing import time_models
from persopt.comparison.verdict import Judged, state_verdict
from persopt.domain.compare_reports import ModelPair
from persopt.measure.speed import pool_speedups
from persopt.measure.turns import TurnPlan
from tests.measure.clock import Clock
from tests.support.tiny_models import make_tiny_model

SHAPES = [(1, 8), (4, 8)]


class ClockRunner:
    """Takes its time on a clock."""

    inputs = ("input_ids", "attention_mask")

    def __init__(self, clock: Clock, name: str, seconds: Callable[[], float]) -> None:
        self._clock, self._name, self._seconds = clock, name, seconds

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Spend the time."""
        assert set(inputs) <= set(self.inputs)
        self._clock.spend(self._name, self._seconds())
        return {}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "model")


def _noise(chance: np.random.Generator, clock: Clock, seconds: float) -> Callable[[], float]:
    """Return times with noise of 5 %, on a machine that gets slower, and for a while much slower."""

    def draw() -> float:
        drift = 1 + 0.1 * min(clock.now / 10, 1) + (0.5 if 3 < clock.now % 20 < 4 else 0)
        return seconds * drift * float(chance.lognormal(0, 0.05))

    return draw


def _compare(folder: Path, seconds: list[float], seed: int) -> list[ModelPair]:
    clock, chance = Clock(), np.random.default_rng(seed)
    runners = [ClockRunner(clock, str(name), _noise(chance, clock, one)) for name, one in enumerate(seconds)]
    plan = TurnPlan(seconds=4.0)
    folders = [folder] * len(seconds)
    times = [time_models(runners, folders, shape, confidence=0.95, plan=plan, clock=clock) for shape in SHAPES]
    pairs = []
    for place in range(len(seconds) - 1):
        speedups = [one.speedups[place] for one in times]
        pooled = pool_speedups([one.speedup for one in speedups])
        pairs.append(ModelPair(label=str(place), size_ratio=1, speedups=speedups, speedup=pooled))
    return pairs


def test_models_are_called_in_turn_each_after_every_other(model: Path) -> None:
    clock = Clock()
    runners = [ClockRunner(clock, name, lambda: 0.05) for name in "ABC"]
    plan = TurnPlan(warm_up=1, lead=0, fewest=6, most=6)
    time_models(runners, [model] * 3, (2, 8), confidence=0.95, plan=plan, clock=clock)
    assert "".join(clock.calls) == "ABC" + "ABCCBA" * 3


def test_a_planted_slowdown_of_two_is_found_within_its_interval(model: Path) -> None:
    slow, fast = _compare(model, [0.01, 0.02, 0.005], seed=1)
    for pair, truth in ((slow, 0.5), (fast, 2.0)):
        assert pair.speedup is not None
        for estimate in (pair.speedup, *(one.speedup for one in pair.speedups)):
            assert estimate.low <= truth <= estimate.high
            assert estimate.value == pytest.approx(truth, rel=0.05)
        assert pair.speedup.high / pair.speedup.low < 1.1
    judged = Judged(metric=None, rows=0, has_labels=False)
    assert "2.0× slower" in state_verdict(slow, judged, [], 0, "en")
    assert "2.0× faster" in state_verdict(fast, judged, [], 1, "en")


def test_two_copies_of_one_model_are_called_as_fast(model: Path) -> None:
    judged = Judged(metric=None, rows=0, has_labels=False)
    told = [
        state_verdict(pair, judged, [], 0, "en")
        for repetition in range(100)
        for pair in _compare(model, [0.01, 0.01], seed=100 + repetition)
    ]
    assert sum("as fast as the baseline" in text for text in told) >= 95


def test_what_is_told_of_each_call_is_percentiles_and_throughput(model: Path) -> None:
    clock = Clock()
    runner = ClockRunner(clock, "A", lambda: 0.04)
    found = time_models([runner, runner], [model] * 2, (4, 8), confidence=0.9, plan=TurnPlan(), clock=clock)
    for one in found.speeds:
        assert (one.batch, one.length) == (4, 8)
        assert one.throughput == pytest.approx(100)
        assert (one.p50, one.p95, one.p99) == pytest.approx((40, 40, 40))
    assert found.speedups[0].speedup.confidence == 0.9


def test_the_mean_of_several_shapes_is_that_of_their_logarithms_and_narrower() -> None:
    from persopt.domain.measurements import Estimate

    one = Estimate(value=2.0, low=1.8, high=2.0**2 / 1.8)
    other = Estimate(value=8.0, low=7.2, high=64 / 7.2)
    assert pool_speedups([one]).low == pytest.approx(1.8)
    pooled = pool_speedups([one, other])
    assert pooled.value == pytest.approx(4.0)
    assert np.log(pooled.high / pooled.low) < np.log(one.high / one.low)
    same = pool_speedups([Estimate(value=2.0, low=2.0, high=2.0)] * 3)
    assert (same.low, same.high) == pytest.approx((2, 2))


def test_the_mean_of_several_shapes_holds_the_true_one_as_often_as_it_says(model: Path) -> None:
    held = 0
    for repetition in range(60):
        pair = _compare(model, [0.02, 0.01], seed=500 + repetition)[0]
        assert pair.speedup is not None
        held += pair.speedup.low <= 2.0 <= pair.speedup.high
    assert held >= 0.9 * 60
