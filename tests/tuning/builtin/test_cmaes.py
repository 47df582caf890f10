from __future__ import annotations

import math

import numpy as np
import pytest
from cmaes import CMAwM

from persopt.domain.errors import InputError
from persopt.domain.objectives import Constraint, Objective
from persopt.domain.space import ParameterConfig, ParameterSpec, Params
from persopt.domain.trials import TrialRecord
from persopt.plugins import SamplerRequest
from persopt.tuning.builtin.cmaes import EvolutionOptions, EvolutionSearch
from persopt.tuning.seeds import derive_seed
from tests.tuning.studies import make_space, make_study, run_study, succeed_with

LINES: dict[str, ParameterConfig] = {
    "x": ParameterSpec(min=-2.0, max=6.0),
    "rate": ParameterSpec(min=1e-4, max=1.0, distribution="log_uniform"),
    "count": ParameterSpec(min=10, max=20),
}


def loss(params: Params) -> float:
    x, rate, count = (float(params[name]) for name in LINES)
    return (x - 1) ** 2 + math.log10(rate / 0.01) ** 2 + (count - 13) ** 2 / 10


def test_the_points_are_those_of_the_optimizer_itself() -> None:
    """The generations are replayed for every trial; driven from outside, the optimizer is at the same points."""
    records = run_study(make_study("cmaes", LINES, seed=3, max_trials=40), succeed_with(lambda params: -loss(params)))
    optimizer = CMAwM(
        mean=np.full(3, 0.5), sigma=0.2, bounds=np.array([[0.0, 1.0]] * 3), steps=np.array([0.0, 0.0, 0.1]), seed=0
    )
    told: list[tuple[np.ndarray, float]] = []
    for record in records:
        if len(told) == optimizer.population_size:
            optimizer.tell(told)
            told = []
        optimizer.reseed_rng(derive_seed(3, "trial", record.number, 0))
        point, place = optimizer.ask()
        expected: Params = {
            "x": -2 + 8 * point[0],
            "rate": 10 ** (4 * point[1] - 4),
            "count": round(10 + 10 * point[2]),
        }
        assert record.params == pytest.approx(expected)
        told.append((place, loss(expected)))


def test_it_comes_to_the_best_point_though_trials_fail() -> None:
    def end(record: TrialRecord) -> TrialRecord:
        if record.number % 7 == 3:
            return TrialRecord(number=record.number, state="failed", params=record.params, attributes=record.attributes)
        return succeed_with(lambda params: -loss(params))(record)

    records = run_study(make_study("cmaes", LINES, seed=1, max_trials=150), end)
    late = [record for record in records[-30:] if record.values]
    assert np.median([record.values[0] for record in late]) > -0.05
    assert {record.params["count"] for record in late} >= {13}


def test_choices_and_conditional_parameters_are_drawn_beside_it() -> None:
    config: dict[str, ParameterConfig] = {
        "kind": ["a", "b"],
        "x": ParameterSpec(min=0.0, max=1.0),
        "extra": ParameterSpec(min=0.0, max=1.0, when={"kind": "b"}),
    }
    end = succeed_with(lambda params: -abs(float(params["x"]) - 0.9))
    records = run_study(make_study("cmaes", config, max_trials=60), end)
    assert np.median([float(record.params["x"]) for record in records[-20:]]) == pytest.approx(0.9, abs=0.05)
    assert 15 < sum(record.params["kind"] == "a" for record in records) < 45
    extra = [float(record.params["extra"]) for record in records if "extra" in record.params]
    assert max(extra) - min(extra) > 0.7


def test_it_goes_where_the_constraint_is_kept() -> None:
    def end(record: TrialRecord) -> TrialRecord:
        x = float(record.params["x"])
        return succeed_with(lambda _: x, cost=x)(record)

    config: dict[str, ParameterConfig] = {"x": ParameterSpec(min=0.0, max=1.0), "y": ParameterSpec(min=0.0, max=1.0)}
    study = make_study("cmaes", config, max_trials=90, constraints=(Constraint("cost", max=0.3),))
    late = [float(record.params["x"]) for record in run_study(study, end)[-20:]]
    assert np.median(late) == pytest.approx(0.3, abs=0.05)


def test_a_trial_that_was_run_elsewhere_than_drawn_counts_where_it_was_run() -> None:
    config: dict[str, ParameterConfig] = {
        "x": ParameterSpec(min=0.0, max=1.0),
        "n": ParameterSpec(min=0, max=100),
        "k": ParameterSpec(min=1, max=1000, distribution="log_uniform"),
    }
    study = make_study("cmaes", config, options=EvolutionOptions(population_size=4, step_size=0.05))
    drawn = run_study(study, succeed_with(lambda _: 0.0), limit=4)
    moved = [
        TrialRecord(
            number=record.number,
            state="succeeded",
            params={"x": 0.8, "n": 90, "k": 2},
            values=[0.0],
            attributes=record.attributes,
        )
        for record in drawn
    ]
    study.rebuild(moved, {})
    later = run_study(study, succeed_with(lambda _: 0.0), limit=4)
    assert np.mean([float(record.params["x"]) for record in later]) > 0.65
    assert np.mean([float(record.params["n"]) for record in later]) > 65
    assert np.median([float(record.params["k"]) for record in later]) < 15


def test_what_it_cannot_search_is_refused_all_at_once() -> None:
    space = make_space({"kind": ["a", "b"], "x": ParameterSpec(min=0.0, max=1.0, when={"kind": "a"}), "one": 3})
    objectives = (Objective("a"), Objective("b"))
    request = SamplerRequest(space=space, objectives=objectives, study_seed=0, trial_seed=0, trial_number=0)
    with pytest.raises(InputError) as caught:
        EvolutionSearch().check_search(EvolutionOptions(), request)
    assert [fault.path for fault in caught.value.faults] == ["$.objectives", "$.config"]
