from __future__ import annotations

import math
import statistics

import pytest

from persopt.domain.objectives import Constraint
from persopt.domain.space import ParameterConfig, ParameterSpec, Params
from persopt.domain.trials import TrialRecord
from persopt.tuning.builtin.bayesian import BayesianOptions
from tests.tuning.studies import make_space, make_study, run_study, succeed_with

BRANIN: dict[str, ParameterConfig] = {"x": ParameterSpec(min=-5.0, max=10.0), "y": ParameterSpec(min=0.0, max=15.0)}
TPE = BayesianOptions()
GP = BayesianOptions(model="gp", n_startup_trials=8)


def branin(params: Params) -> float:
    """Branin and Hoo's function; its three lowest values are 0.397887."""
    x, y = float(params["x"]), float(params["y"])
    valley = (y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6) ** 2
    return valley + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def test_branins_lowest_values_are_where_they_are_known_to_be() -> None:
    for x, y in ((-math.pi, 12.275), (math.pi, 2.275), (9.42478, 2.475)):
        assert branin({"x": x, "y": y}) == pytest.approx(0.397887, abs=1e-6)


@pytest.mark.parametrize(("options", "trials"), [(TPE, 40), (GP, 18)])
def test_both_models_beat_random_search_on_branin(options: BayesianOptions, trials: int) -> None:
    def lowest(strategy: str, seed: int) -> float:
        study = make_study(
            strategy, BRANIN, options=options if strategy == "bayesian" else None, seed=seed, max_trials=trials
        )
        return -max(record.values[0] for record in run_study(study, succeed_with(lambda params: -branin(params))))

    seeds = range(5 if options is TPE else 3)
    found = statistics.median(lowest("bayesian", seed) for seed in seeds)
    assert found < statistics.median(lowest("random", seed) for seed in seeds)


@pytest.mark.parametrize(("options", "trials"), [(TPE, 60), (GP, 16)])
def test_both_models_look_where_the_constraint_is_kept(options: BayesianOptions, trials: int) -> None:
    """Without the constraint the best is at 1; with it at 0.3."""

    def end(record: TrialRecord) -> TrialRecord:
        x = float(record.params["x"])
        return succeed_with(lambda _: x, cost=100 * x)(record)

    config: dict[str, ParameterConfig] = {"x": ParameterSpec(min=0.0, max=1.0)}

    def late(constraints: tuple[Constraint, ...]) -> float:
        study = make_study("bayesian", config, options=options, max_trials=trials, constraints=constraints)
        return statistics.median(float(record.params["x"]) for record in run_study(study, end)[-6:])

    assert late((Constraint("cost", max=30.0),)) == pytest.approx(0.3, abs=0.12)
    assert late(()) > 0.8


def test_a_conditional_parameter_is_modelled_beside_the_gaussian_process() -> None:
    config: dict[str, ParameterConfig] = {
        "kind": ["a", "b"],
        "x": ParameterSpec(min=0.0, max=1.0),
        "extra": ParameterSpec(min=0.0, max=1.0, when={"kind": "b"}),
    }

    def value(params: Params) -> float:
        return -abs(float(params["x"]) - 0.5) - (abs(float(params["extra"]) - 0.8) if "extra" in params else 1.0)

    options = BayesianOptions(model="gp", n_startup_trials=12)
    records = run_study(make_study("bayesian", config, options=options, max_trials=24), succeed_with(value))
    assert all(make_space(config).contains(record.params) for record in records)
    late = [record.params for record in records[12:]]
    assert sum(params["kind"] == "b" for params in late) >= 8
    assert statistics.median(abs(float(params["extra"]) - 0.8) for params in late if "extra" in params) < 0.2
