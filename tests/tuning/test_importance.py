from __future__ import annotations

import math
import random

import optuna
import pytest

from persopt.domain.objectives import Direction, Objective
from persopt.domain.space import ParameterConfig, ParameterSpec, Params, Space
from persopt.domain.space_building import build_space
from persopt.domain.trials import TrialRecord
from persopt.tuning.importance import Importances, find_importances

CONFIG: dict[str, ParameterConfig] = {
    "x": ParameterSpec(min=0.0, max=1.0),
    "n": ParameterSpec(min=1, max=100, distribution="log_uniform"),
    "kind": ["a", "b", "c"],
    "extra": ParameterSpec(min=0.0, max=1.0, when={"kind": "a"}),
    "fixed": 3,
}


def draw(count: int) -> list[Params]:
    rng = random.Random(3)
    points: list[Params] = []
    for _ in range(count):
        point: Params = {"x": rng.random(), "n": rng.randint(1, 100), "kind": rng.choice("abc")}
        if point["kind"] == "a":
            point["extra"] = rng.random()
        points.append({**point, "fixed": 3})
    return points


def records(points: list[Params], *values: list[float]) -> list[TrialRecord]:
    return [
        TrialRecord(number=number, state="succeeded", params=point, values=[line[number] for line in values])
        for number, point in enumerate(points)
    ]


def plain(*names: str) -> Space:
    config: dict[str, ParameterConfig] = {name: ParameterSpec(min=0.0, max=1.0) for name in names}
    return build_space(config, known_only=False)


def ask_optuna(points: list[Params], values: list[float], direction: Direction) -> dict[str, float]:
    """Give the same trials to Optuna as one who uses it directly would."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction=direction)
    optuna.logging.set_verbosity(verbosity)
    distributions: dict[str, optuna.distributions.BaseDistribution] = {
        "x": optuna.distributions.FloatDistribution(0, 1),
        "n": optuna.distributions.IntDistribution(1, 100, log=True),
        "kind": optuna.distributions.CategoricalDistribution(["a", "b", "c"]),
        "extra": optuna.distributions.FloatDistribution(0, 1),
    }
    for point, value in zip(points, values, strict=True):
        params = {name: item for name, item in point.items() if name != "fixed"}
        study.add_trial(
            optuna.trial.create_trial(
                params=params, distributions={name: distributions[name] for name in params}, value=value
            )
        )
    return optuna.importance.get_param_importances(study)


def test_the_shares_are_optunas_for_every_objective_and_direction() -> None:
    points = draw(80)
    gains = [float(point["x"]) - (point["kind"] == "b") for point in points]
    costs = [math.log(float(point["n"])) + float(point.get("extra", 0.5)) for point in points]
    objectives = [Objective("gain"), Objective("cost", "minimize")]
    space = build_space(CONFIG, known_only=False)
    found = find_importances(records(points, gains, costs), objectives, space)
    assert found.notes == {}
    assert found.shares["gain"] == pytest.approx(ask_optuna(points, gains, "maximize"))
    assert found.shares["cost"] == pytest.approx(ask_optuna(points, costs, "minimize"))
    for shares in found.shares.values():
        assert sum(shares.values()) == pytest.approx(1)
        assert list(shares.values()) == sorted(shares.values(), reverse=True)


def test_the_parameter_that_matters_is_found_and_the_other_is_not() -> None:
    rng = random.Random(0)
    points: list[Params] = [{"matters": rng.random(), "idle": rng.random()} for _ in range(200)]
    values = [(float(point["matters"]) - 0.3) ** 2 for point in points]
    found = find_importances(records(points, values), [Objective("y", "minimize")], plain("matters", "idle"))
    assert found.shares["y"]["matters"] > 0.9


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ([1.0] * 4, "too-few-trials"),
        ([1.0, 2.0, 3.0, 4.0, math.nan, math.inf], "too-few-trials"),
        ([1.0] * 9, "equal-values"),
    ],
)
def test_where_there_is_no_answer_the_reason_is_told(values: list[float], note: str) -> None:
    points: list[Params] = [{"x": index / 10} for index in range(len(values))]
    found = find_importances(records(points, values), [Objective("y")], plain("x"))
    assert found == Importances({"y": {}}, {"y": note})


def test_fixed_parameters_have_no_share() -> None:
    points: list[Params] = [{"x": 0.5} for _ in range(9)]
    found = find_importances(records(points, [float(number) for number in range(9)]), [Objective("y")], plain("x"))
    assert found == Importances({"y": {}}, {"y": "nothing-varies"})
    assert find_importances([], [Objective("y")], plain("x")).notes == {"y": "too-few-trials"}


def test_few_trials_give_shares_with_a_warning_and_failed_ones_do_not_count() -> None:
    points: list[Params] = [{"x": index / 20, "z": 1 - index / 20} for index in range(20)]
    trials = records(points, [float(number) for number in range(20)])
    trials.append(TrialRecord(number=20, state="failed", params={"x": 0.5, "z": 0.5}))
    trials.append(TrialRecord(number=21, state="stopped", params={"x": 0.5, "z": 0.5}, values=[99.0]))
    found = find_importances(trials, [Objective("y")], plain("x", "z"))
    assert found.notes == {"y": "few-trials"}
    assert found.shares["y"] == pytest.approx({"x": 0.5, "z": 0.5}, abs=0.05)
    assert found == find_importances(trials[:20], [Objective("y")], plain("x", "z"))


def test_choices_that_are_equal_to_optuna_are_kept_apart() -> None:
    space = build_space({"flag": [True, 1, "1"], "x": ParameterSpec(min=0.0, max=1.0)}, known_only=False)
    points: list[Params] = [{"flag": (True, 1, "1")[index % 3], "x": index / 60} for index in range(60)]
    values = [1.0 if point["flag"] is True else 0.0 for point in points]
    values[0] += 0.5  # not all equal at the top
    found = find_importances(records(points, values), [Objective("y")], space)
    assert set(found.shares["y"]) == {"flag", "x"}
