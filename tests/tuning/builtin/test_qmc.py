from __future__ import annotations

from typing import Literal

import pytest
from scipy.stats import qmc

from persopt.domain.errors import InputError
from persopt.domain.objectives import Objective
from persopt.domain.space import ParameterConfig, ParameterSpec, point_key
from persopt.plugins import SamplerRequest
from persopt.tuning.builtin.qmc import QuasiRandomOptions, QuasiRandomSearch
from tests.tuning.studies import make_space, make_study, run_study, succeed_with

SQUARE: dict[str, ParameterConfig] = {"x": ParameterSpec(min=0.0, max=1.0), "y": ParameterSpec(min=0.0, max=1.0)}


@pytest.mark.parametrize("scramble", [True, False])
@pytest.mark.parametrize("sequence", ["sobol", "halton"])
def test_the_points_are_those_of_scipys_sequence(sequence: Literal["sobol", "halton"], scramble: bool) -> None:
    options = QuasiRandomOptions(sequence=sequence, scramble=scramble)
    study = make_study("qmc", SQUARE, options=options, seed=11, max_trials=16)
    points = [list(record.params.values()) for record in run_study(study, succeed_with(lambda _: 0.0))]
    engine = {"sobol": qmc.Sobol, "halton": qmc.Halton}[sequence]
    assert points == engine(2, scramble=scramble, rng=11).random(16).tolist()


def test_the_points_fill_the_space_more_evenly_than_random_ones() -> None:
    def discrepancy(strategy: str, seed: int) -> float:
        records = run_study(make_study(strategy, SQUARE, seed=seed, max_trials=32), succeed_with(lambda _: 0.0))
        return float(qmc.discrepancy([list(record.params.values()) for record in records]))

    for seed in range(3):
        assert discrepancy("qmc", seed) < discrepancy("random", seed) / 4


def test_every_kind_of_parameter_is_spread_evenly_over_its_values() -> None:
    """Of a power of two of Sobol's points each dyadic part of an axis holds the same number."""
    config: dict[str, ParameterConfig] = {
        "rate": ParameterSpec(min=1e-4, max=1.0, distribution="log_uniform"),
        "count": ParameterSpec(min=1, max=8),
        "grid": ParameterSpec(min=1e-3, max=1.0, distribution="log_uniform", step=4),
        "kind": ["a", "b", "c", "d"],
    }
    records = run_study(make_study("qmc", config, max_trials=32), succeed_with(lambda _: 0.0))
    for name, each in {"count": 4, "grid": 8, "kind": 8}.items():
        values = [record.params[name] for record in records]
        assert {values.count(value) for value in values} == {each}
    for decade in range(-4, 0):
        assert sum(10**decade <= float(record.params["rate"]) < 10 ** (decade + 1) for record in records) == 8


def test_conditional_parameters_have_a_coordinate_of_their_own() -> None:
    config: dict[str, ParameterConfig] = {
        "kind": ["a", "b"],
        "x": ParameterSpec(min=0.0, max=1.0, when={"kind": "a"}),
        "y": ParameterSpec(min=0.0, max=1.0, when={"kind": "b"}),
    }
    records = run_study(make_study("qmc", config, max_trials=32), succeed_with(lambda _: 0.0))
    space = make_space(config)
    assert all(space.contains(record.params) for record in records)
    for name in "xy":
        values = sorted(float(record.params[name]) for record in records if name in record.params)
        assert len(values) == 16
        assert max(b - a for a, b in zip([0.0, *values], [*values, 1.0], strict=True)) < 0.2


def test_a_point_that_was_tried_is_left_out() -> None:
    config: dict[str, ParameterConfig] = {"x": ParameterSpec(min=1, max=5), "y": ["a", "b", "c"]}
    records = run_study(make_study("qmc", config), succeed_with(lambda _: 0.0))
    assert len({point_key(record.params) for record in records}) == len(records) == 15


def test_more_parameters_than_the_sequence_has_are_refused() -> None:
    space = make_space({f"x{number}": [1] for number in range(21_202)})
    request = SamplerRequest(space=space, objectives=(Objective("a"),), study_seed=0, trial_seed=0, trial_number=0)
    with pytest.raises(InputError, match="21,201 coordinates"):
        QuasiRandomSearch().check_search(QuasiRandomOptions(), request)
    QuasiRandomSearch().check_search(QuasiRandomOptions(sequence="halton"), request)
