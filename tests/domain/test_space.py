"""Spaces: their points, their size, what they contain."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.space import (
    CategoricalParameter,
    Condition,
    FloatParameter,
    IntParameter,
    Parameter,
    Scalar,
    Space,
    point_key,
)

WHEN_A = (Condition("kind", ("a",)),)
CONDITIONAL = Space(
    (
        CategoricalParameter(name="kind", choices=("a", "b", "c")),
        IntParameter(name="depth", low=1, high=2, when=WHEN_A),
        CategoricalParameter(name="gated", choices=(True, False), when=(Condition("depth", (2,)),)),
        CategoricalParameter(name="wide", choices=("x", "y"), when=(Condition("kind", ("a", "b")),)),
    )
)


@st.composite
def finite_spaces(draw: st.DrawFn) -> Space:
    """Spaces of up to four parameters, each of which may depend on one before it."""
    parameters: list[Parameter] = []
    for index in range(draw(st.integers(1, 4))):
        when: tuple[Condition, ...] = ()
        others = [item for item in parameters if not isinstance(item, FloatParameter)]
        wants_condition: bool = draw(st.booleans())
        if others and wants_condition:
            other: IntParameter | CategoricalParameter = draw(st.sampled_from(others))
            when = (Condition(other.name, (draw(st.sampled_from(other.values)),)),)
        name = f"p{index}"
        kind = draw(st.sampled_from(["float", "int", "grid", "choice"]))
        if kind == "float":
            points = draw(st.integers(2, 4))
            parameters.append(FloatParameter(name=name, low=0.5, high=8.0, log=True, points=points, when=when))
        elif kind == "int":
            parameters.append(IntParameter(name=name, low=-1, high=draw(st.integers(-1, 2)), when=when))
        elif kind == "grid":
            parameters.append(IntParameter(name=name, low=1, high=9, points=draw(st.integers(2, 12)), when=when))
        else:
            choices: list[Scalar] = draw(
                st.lists(st.sampled_from(["a", "b", 1, 2.5]), min_size=1, max_size=3, unique=True)
            )
            parameters.append(CategoricalParameter(name=name, choices=tuple(choices), when=when))
    return Space(tuple(parameters))


@given(finite_spaces())
def test_points_are_all_different_and_as_many_as_the_size_says(space: Space) -> None:
    points = list(space.points())
    assert len(points) == space.size
    assert len({point_key(point) for point in points}) == len(points)
    assert all(space.contains(point) for point in points)


@given(finite_spaces())
def test_a_point_is_found_by_its_place(space: Space) -> None:
    for index, point in enumerate(space.points()):
        assert space.point_at(index) == point


@given(finite_spaces())
def test_places_outside_have_no_point(space: Space) -> None:
    size = space.size or 0
    for index in (-1, size):
        with pytest.raises(IndexError, match=f"a space of {size} points has no point {index}"):
            space.point_at(index)


def test_a_conditional_space_counts_its_branches() -> None:
    # kind a: depth 1, or depth 2 gated or not, each wide x or y; kind b: wide x or y; kind c alone.
    assert CONDITIONAL.size == 3 * 2 + 2 + 1
    assert {"kind": "c"} in list(CONDITIONAL.points())


@pytest.mark.parametrize(
    ("params", "is_point"),
    [
        ({"kind": "c"}, True),
        ({"kind": "b", "wide": "x"}, True),
        ({"kind": "a", "depth": 2, "gated": False, "wide": "y"}, True),
        ({"kind": "b"}, False),
        ({"kind": "c", "wide": "x"}, False),
        ({"kind": "a", "depth": 1, "gated": True, "wide": "x"}, False),
        ({"kind": "d"}, False),
        ({}, False),
    ],
)
def test_a_conditional_space_contains_whole_points_only(params: dict[str, Any], is_point: bool) -> None:
    assert CONDITIONAL.contains(params) is is_point


def test_a_space_with_a_continuous_parameter_has_no_size() -> None:
    space = Space((FloatParameter(name="x", low=0.0, high=1.0), IntParameter(name="n", low=1, high=2)))
    assert space.size is None
    with pytest.raises(ValueError, match="continuous"):
        next(space.points())
    with pytest.raises(ValueError, match="continuous"):
        space.point_at(0)


def test_a_range_of_one_value_is_one_point() -> None:
    assert Space((FloatParameter(name="x", low=0.5, high=0.5),)).size == 1


@given(
    low=st.floats(1e-8, 1e3),
    factor=st.floats(1.001, 1e6),
    points=st.integers(2, 50),
    log=st.booleans(),
)
def test_grid_points_reach_both_ends_and_are_evenly_spaced(low: float, factor: float, points: int, log: bool) -> None:
    values = FloatParameter(name="x", low=low, high=low * factor, log=log, points=points).values
    assert values is not None
    assert len(values) == points
    assert (values[0], values[-1]) == (low, low * factor)
    scale = math.log if log else float
    steps = [scale(after) - scale(before) for before, after in itertools.pairwise(values)]
    expected = (scale(values[-1]) - scale(values[0])) / (points - 1)
    assert all(math.isclose(step, expected, rel_tol=1e-4) for step in steps)


@given(low=st.integers(-50, 50), width=st.integers(0, 100), points=st.one_of(st.none(), st.integers(2, 20)))
def test_whole_numbers_stay_whole_rising_and_within_their_ends(low: int, width: int, points: int | None) -> None:
    parameter = IntParameter(name="n", low=low, high=low + width, points=points)
    values = parameter.values
    assert list(values) == sorted(set(values))
    assert (values[0], values[-1]) == (low, low + width)
    assert all(isinstance(value, int) for value in values)
    assert parameter.count == len(values)


@pytest.mark.parametrize("value", [0.99, 8.01, "1", True, math.nan, None])
def test_what_is_no_number_of_a_range_is_not_in_it(value: Any) -> None:
    assert not Space((FloatParameter(name="x", low=1.0, high=8.0),)).contains({"x": value})


def test_whole_numbers_only_are_in_a_range_of_whole_numbers() -> None:
    space = Space((IntParameter(name="n", low=1, high=8),))
    assert space.contains({"n": 8})
    assert not space.contains({"n": 2.5})


def test_a_grid_contains_its_points_up_to_rounding() -> None:
    space = Space((FloatParameter(name="x", low=1e-5, high=1e-1, log=True, points=5),))
    assert space.contains({"x": 1e-3})
    assert not space.contains({"x": 2e-3})


def test_keys_tell_points_apart_that_python_calls_equal() -> None:
    assert point_key({"a": 1}) != point_key({"a": True})
    assert point_key({"a": 1, "b": 2}) == point_key({"b": 2, "a": 1})
