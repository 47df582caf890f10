"""Objectives: what is better, by how much."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.objectives import (
    Constraint,
    Objective,
    constraint_excesses,
    default_direction,
    objective_values,
    total_violation,
)

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


def test_excesses_are_shares_of_their_limits() -> None:
    constraints = (Constraint("latency", max=20.0), Constraint("f1", min=0.5, max=1.0), Constraint("gap", max=0.0))
    metrics = {"latency": 25.0, "f1": 0.4, "gap": 3.0}
    assert constraint_excesses(constraints, metrics) == pytest.approx(
        {"0:latency:max": 0.25, "1:f1:max": -0.6, "1:f1:min": 0.2, "2:gap:max": 3.0}
    )
    assert total_violation(constraints, metrics) == pytest.approx(3.45)
    assert total_violation(constraints, {"latency": 20.0, "f1": 0.5, "gap": 0.0, "other": 9.0}) == 0
    assert total_violation((), {}) == 0


@pytest.mark.parametrize("metrics", [{}, {"latency": math.nan}])
def test_a_limit_of_an_unknown_metric_is_not_kept(metrics: dict[str, float]) -> None:
    constraints = (Constraint("latency", max=20.0),)
    assert constraint_excesses(constraints, metrics) is None
    assert total_violation(constraints, metrics) == math.inf


def test_a_constraint_is_written_as_on_the_command_line() -> None:
    assert str(Constraint("latency", max=20.0)) == "latency<=20"
    assert str(Constraint("f1", min=0.5, max=1.0)) == "f1<=1, f1>=0.5"
