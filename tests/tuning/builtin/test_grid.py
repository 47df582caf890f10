from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from persopt.domain.errors import InputError
from persopt.domain.objectives import Objective
from persopt.domain.space import ParameterConfig, ParameterSpec, point_key
from persopt.plugins import FiniteStrategy, SamplerRequest
from persopt.tuning.builtin.grid import GridOptions, GridSearch, grid_point
from tests.tuning.studies import FINITE, finite_configs, make_space, make_study, run_study


def request(config: dict[str, ParameterConfig], number: int = 0) -> SamplerRequest:
    return SamplerRequest(
        space=make_space(config),
        objectives=(Objective("value"),),
        study_seed=1,
        trial_seed=1,
        trial_number=number,
    )


@given(config=finite_configs(), seed=st.integers(0, 2**32 - 1))
@example_settings(max_examples=60)
def test_every_point_is_visited_exactly_once(config: dict[str, ParameterConfig], seed: int) -> None:
    space = make_space(config)
    assert space.size is not None
    visited = [grid_point(space, step, seed) for step in range(space.size)]
    assert {point_key(point) for point in visited} == {point_key(point) for point in space.points()}
    assert len(visited) == len({point_key(point) for point in visited})


@given(sizes=st.lists(st.integers(1, 7), min_size=1, max_size=4), seed=st.integers(0, 2**32 - 1))
@example_settings(max_examples=60)
def test_after_any_number_of_trials_a_parameters_values_were_used_equally_often(sizes: list[int], seed: int) -> None:
    space = make_space({f"p{index}": list(range(size)) for index, size in enumerate(sizes)})
    counts = {parameter.name: Counter(dict.fromkeys(parameter.values or (), 0)) for parameter in space.parameters}
    for step in range(space.size or 0):
        for name, value in grid_point(space, step, seed).items():
            counts[name][value] += 1
        for count in counts.values():
            assert max(count.values()) - min(count.values()) <= 1


def test_a_single_parameter_is_halved_again_and_again() -> None:
    space = make_space({"x": ParameterSpec(min=0, max=7)})
    assert [grid_point(space, step, 0)["x"] for step in range(8)] == [0, 4, 2, 6, 1, 5, 3, 7]


def test_a_conditional_grid_spreads_too() -> None:
    space = make_space({"kind": ["a", "b"], "n": ParameterSpec(min=1, max=50, when={"kind": "b"}), "m": [1, 2, 3, 4]})
    first = [grid_point(space, step, 0) for step in range(12)]
    seen = [int(point["n"]) for point in first if "n" in point]
    assert min(seen) <= 10
    assert max(seen) >= 40
    assert {point["m"] for point in first} == {1, 2, 3, 4}


def test_a_log_grid_has_its_points_on_the_log_scale() -> None:
    records = run_study(
        make_study("grid", {"x": ParameterSpec(min=1e-4, max=1e-1, distribution="log_uniform", step=4)}),
        lambda record: msgspec.structs.replace(record, state="failed"),
    )
    assert sorted(float(record.params["x"]) for record in records) == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1])


def test_the_size_is_known_before() -> None:
    grid = GridSearch()
    assert isinstance(grid, FiniteStrategy)
    assert grid.size(GridOptions(), request(FINITE)) == 16


def test_a_continuous_parameter_is_named_with_what_it_wants() -> None:
    config: dict[str, ParameterConfig] = {
        "x": ParameterSpec(min=0.0, max=1.0),
        "n": ParameterSpec(min=0, max=3),
        "y": ParameterSpec(min=1.0, max=2.0),
    }
    with pytest.raises(InputError) as caught:
        GridSearch().size(GridOptions(), request(config))
    assert [fault.path for fault in caught.value.faults] == ["$.config.x", "$.config.y"]
    assert all("step" in fault.hint for fault in caught.value.faults)
    with pytest.raises(InputError, match="continuous"):
        make_study("grid", config).ask()


def test_a_grid_that_is_too_large_is_refused_in_no_time_and_no_memory() -> None:
    config: dict[str, ParameterConfig] = {"n": ParameterSpec(min=0, max=2**50), "m": [1, 2, 3]}
    with pytest.raises(InputError, match=r"3,377,699,720,527,875 points .*accepted are up to 10,000"):
        GridSearch().size(GridOptions(), request(config))
    small: dict[str, ParameterConfig] = {"m": [1, 2, 3]}
    with pytest.raises(InputError, match="accepted are up to 2"):
        GridSearch().size(GridOptions(max_points=2), request(small))
    assert GridSearch().size(GridOptions(max_points=3), request(small)) == 3
