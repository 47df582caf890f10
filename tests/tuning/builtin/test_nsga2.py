from __future__ import annotations

import msgspec
import pytest

from persopt.domain.errors import InputError
from persopt.domain.objectives import Constraint, Objective
from persopt.domain.space import ParameterConfig, ParameterSpec
from persopt.domain.trials import TrialRecord
from persopt.plugins import SamplerRequest
from persopt.tuning.builtin.nsga2 import GeneticOptions, GeneticSearch
from persopt.tuning.study import Study, StudyRequest
from tests.tuning.studies import make_space, make_study, run_study

SQUARE: dict[str, ParameterConfig] = {name: ParameterSpec(min=-4.0, max=4.0) for name in ("x", "y", "z")}


def two_valleys(record: TrialRecord) -> TrialRecord:
    """Two values to minimize; none is better in both than a point between (0, 0, 0) and (2, 0, 0)."""
    x, y, z = (float(record.params[name]) for name in SQUARE)
    values = [x**2 + y**2 + z**2, (x - 2) ** 2 + y**2 + z**2]
    return msgspec.structs.replace(record, state="succeeded", values=values, metrics={"x": x})


def open_study(options: GeneticOptions, trials: int, constraints: tuple[Constraint, ...] = ()) -> Study:
    return Study(
        StudyRequest(
            strategy=GeneticSearch(),
            options=options,
            space=make_space(SQUARE),
            objectives=(Objective("a", "minimize"), Objective("b", "minimize")),
            seed=5,
            max_trials=trials,
            constraints=constraints,
        )
    )


def distance(record: TrialRecord) -> float:
    """Return how far a point is from those that are on the front."""
    x, y, z = (float(record.params[name]) for name in SQUARE)
    return max(0.0, -x, x - 2) + abs(y) + abs(z)


@pytest.mark.parametrize("crossover", ["uniform", "blx-alpha", "sbx", "vsbx", "spx", "undx"])
def test_later_generations_are_nearer_to_the_front(crossover: str) -> None:
    options = msgspec.convert({"crossover": crossover, "populationSize": 10}, GeneticOptions)
    records = run_study(open_study(options, 80), two_valleys)
    first, last = records[:10], records[-20:]
    assert sum(map(distance, last)) / 20 < 0.6 * sum(map(distance, first)) / 10


def test_numbers_move_a_little_by_polynomial_mutation() -> None:
    options = GeneticOptions(
        population_size=4, crossover_probability=0.0, mutation="polynomial", mutation_probability=1.0
    )
    records = run_study(open_study(options, 8), two_valleys)
    parents, children = records[:4], records[4:]
    for child in children:
        nearest = min(
            max(abs(float(child.params[name]) - float(parent.params[name])) for name in SQUARE) for parent in parents
        )
        assert 0 < nearest < 3


def test_generations_go_where_the_constraint_is_kept() -> None:
    records = run_study(open_study(GeneticOptions(population_size=8), 80, (Constraint("x", min=1.0),)), two_valleys)
    kept = [float(record.params["x"]) >= 1.0 for record in records]
    assert sum(kept[:8]) <= 5
    assert sum(kept[-24:]) >= 18


def test_a_population_is_never_larger_than_the_study_can_use() -> None:
    space = make_space(SQUARE)

    def size(trials: int | None) -> object:
        request = SamplerRequest(
            space=space,
            objectives=(Objective("a"),),
            study_seed=0,
            trial_seed=0,
            trial_number=0,
            max_trials=trials,
        )
        return getattr(GeneticSearch().sampler(GeneticOptions(), request), "population_size", None)

    assert [size(trials) for trials in (5, 60, 1000, None)] == [4, 12, 50, 50]


@pytest.mark.parametrize("crossover", ["spx", "undx"])
def test_three_parents_need_a_population_of_three(crossover: str) -> None:
    options = msgspec.convert({"crossover": crossover, "populationSize": 2}, GeneticOptions)
    with pytest.raises(InputError, match="population of 3 or more") as caught:
        make_study("nsga2", SQUARE, options=options).ask()
    assert caught.value.faults[0].path == "$.strategyOptions.populationSize"
