"""With one objective every rule decides as Optuna's own pruner does at the same reports in the same order."""

from __future__ import annotations

from collections.abc import Iterator

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.domain.objectives import Direction
from persopt.tuning.stopping.halving import SuccessiveHalving
from persopt.tuning.stopping.hyperband import Hyperband
from persopt.tuning.stopping.median import MedianRule
from tests.tuning.stopping.histories import Event, goals, histories, replay, replay_optuna

directions: st.SearchStrategy[Direction] = st.sampled_from(("maximize", "minimize"))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


@pytest.mark.filterwarnings("ignore:All-NaN slice:RuntimeWarning")  # numpy's, of Optuna's pruner
@settings(max_examples=60, deadline=None)
@given(histories(), directions, st.integers(0, 4), st.integers(0, 3), st.integers(1, 3))
def test_the_median_rule(events: list[Event], direction: Direction, startup: int, warmup: int, interval: int) -> None:
    rule = MedianRule(
        goals("value", direction=direction),
        "step",
        startup_trials=startup,
        warmup_steps=warmup,
        interval_steps=interval,
    )
    pruner = optuna.pruners.MedianPruner(startup, warmup, interval)
    assert replay(rule, events) == replay_optuna(pruner, events, direction)


@settings(max_examples=60, deadline=None)
@given(histories(), directions, st.integers(1, 3), st.integers(2, 4), st.integers(0, 2))
def test_successive_halving(events: list[Event], direction: Direction, first: int, factor: int, rate: int) -> None:
    rule = SuccessiveHalving(
        goals("value", direction=direction),
        "step",
        min_resource=first,
        reduction_factor=factor,
        min_early_stopping_rate=rate,
    )
    pruner = optuna.pruners.SuccessiveHalvingPruner(first, factor, rate)
    assert replay(rule, events) == replay_optuna(pruner, events, direction)


@settings(max_examples=60, deadline=None)
@given(
    histories(), directions, st.integers(1, 2), st.integers(2, 12) | st.none(), st.integers(2, 4), st.integers(0, 99)
)
def test_hyperband(
    events: list[Event], direction: Direction, first: int, longest: int | None, factor: int, seed: int
) -> None:
    rule = Hyperband(
        goals("value", direction=direction),
        "step",
        seed=seed,
        min_resource=first,
        max_resource=longest,
        reduction_factor=factor,
    )
    pruner = optuna.pruners.HyperbandPruner(first, longest or "auto", factor)
    assert replay(rule, events) == replay_optuna(pruner, events, direction, str(seed))


def test_the_histories_are_not_decided_alike() -> None:
    """The three tests above would show nothing if no trial, or every one, were stopped."""
    events = [(number, step, number * 0.1 + step) for number in (3, 1, 2, 0) for step in range(1, 10)]
    decisions = replay(SuccessiveHalving(goals("value"), "step"), events)
    assert decisions.count(True) == 3
    assert len(decisions) == 9 + 3
