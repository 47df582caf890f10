"""Objectives: what is better, by how much."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.objectives import Objective, default_direction, objective_values

UP, DOWN = Objective("accuracy"), Objective("loss", "minimize")
FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(FINITE, FINITE)
def test_better_is_strict_and_turns_around_with_the_direction(one: float, other: float) -> None:
    assert UP.is_better(one, other) is (one > other)
    assert DOWN.is_better(one, other) is UP.is_better(other, one)
    assert not UP.is_better(one, one)


@pytest.mark.parametrize("objective", [UP, DOWN])
def test_nan_is_worse_than_everything(objective: Objective) -> None:
    assert objective.is_better(0.0, math.nan)
    assert not objective.is_better(math.nan, 0.0)
    assert not objective.is_better(math.nan, math.nan)


def test_improvement_is_in_percent_of_the_baseline() -> None:
    assert UP.improvement(0.6, 0.5) == pytest.approx(20)
    assert DOWN.improvement(0.6, 0.5) == pytest.approx(-20)
    assert UP.improvement(-0.5, -1.0) == pytest.approx(50)
    assert UP.improvement(1.0, 0.0) == 0.0


@pytest.mark.parametrize(
    ("metric", "direction"),
    [("accuracy", "maximize"), ("f1_macro", "maximize"), ("eval_loss", "minimize"), ("latencyMs", "minimize")],
)
def test_losses_and_costs_are_minimized(metric: str, direction: str) -> None:
    assert default_direction(metric) == direction


def test_values_stand_in_the_order_of_the_objectives() -> None:
    assert objective_values([DOWN, UP], {"accuracy": 0.5, "loss": 2.0, "f1": 1.0}) == [2.0, 0.5]
    assert objective_values([UP], {"loss": 2.0}) is None
    assert objective_values([UP], {"accuracy": math.nan}) is None
