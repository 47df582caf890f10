"""Every built-in strategy goes on, after a resume, with the points that the uninterrupted study would have had."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.domain.objectives import Constraint
from persopt.domain.space import ParameterConfig, ParameterSpec, point_key
from persopt.domain.trials import TrialRecord
from persopt.tuning.builtin.bayesian import BayesianOptions
from persopt.tuning.builtin.cmaes import EvolutionOptions
from persopt.tuning.builtin.nsga2 import GeneticOptions
from persopt.tuning.builtin.qmc import QuasiRandomOptions
from persopt.tuning.study import STEP_ATTRIBUTE, Study
from tests.tuning.studies import FINITE, MIXED, STRATEGIES, ask_record, bowl, make_space, make_study, run_study

LIMIT = (Constraint("cost", max=6.0, min=1.0),)
GP = BayesianOptions(model="gp", n_startup_trials=3)
THIRTY_SIX: dict[str, ParameterConfig] = {
    "rate": ParameterSpec(min=1e-4, max=1e-1, distribution="log_uniform", step=6),
    "count": ParameterSpec(min=1, max=6),
}
SPACES = {"mixed": MIXED, "finite": FINITE, "numbers": THIRTY_SIX}
CASES: list[tuple[str, str, int, Struct | None, int]] = [
    ("random", "mixed", 1, None, 16),
    ("random", "finite", 2, None, 16),
    ("grid", "finite", 1, None, 16),
    ("grid", "finite", 2, None, 16),
    ("bayesian", "mixed", 1, None, 14),
    ("bayesian", "mixed", 2, None, 14),
    ("bayesian", "finite", 2, None, 12),
    ("bayesian", "mixed", 1, GP, 7),
    ("bayesian", "mixed", 2, GP, 6),
    ("cmaes", "mixed", 1, None, 16),
    ("cmaes", "numbers", 1, EvolutionOptions(population_size=4), 18),
    ("qmc", "mixed", 1, None, 16),
    ("qmc", "finite", 2, QuasiRandomOptions(sequence="halton"), 16),
    ("nsga2", "mixed", 1, None, 16),
    ("nsga2", "mixed", 2, GeneticOptions(population_size=3, crossover="undx"), 16),
    ("nsga2", "finite", 2, None, 14),
]


def open_study(strategy: str, space: str, objectives: int, options: Struct | None, trials: int) -> Study:
    return make_study(
        strategy, SPACES[space], options=options, objectives=objectives, max_trials=trials, constraints=LIMIT
    )


def end(record: TrialRecord, objectives: int) -> TrialRecord:
    """End the trials in turn in all states that a trial can end in, some of them beyond the limit."""
    cost = 3.0 + 10 * abs(bowl(record.params)) % 7
    values = [bowl(record.params), cost][:objectives]
    if record.number % 6 == 2:
        return msgspec.structs.replace(record, state="failed", fault=Fault(message="lost"))
    if record.number % 6 == 4:
        attributes = {**record.attributes, STEP_ATTRIBUTE: record.number}
        return msgspec.structs.replace(record, state="stopped", values=values, attributes=attributes)
    return msgspec.structs.replace(record, state="succeeded", values=values, metrics={"cost": cost})


def through_json(study: Study, records: list[TrialRecord]) -> tuple[list[TrialRecord], dict[str, Any]]:
    return (
        msgspec.json.decode(msgspec.json.encode(records), type=list[TrialRecord]),
        msgspec.json.decode(msgspec.json.encode(study.study_attributes())),
    )


def test_the_cases_cover_every_built_in_strategy() -> None:
    assert {strategy for strategy, *_ in CASES} == set(STRATEGIES)


@pytest.mark.parametrize(("strategy", "space", "objectives", "options", "trials"), CASES)
def test_a_study_cut_anywhere_goes_on_as_the_uninterrupted_one(
    strategy: str, space: str, objectives: int, options: Struct | None, trials: int
) -> None:
    study = open_study(strategy, space, objectives, options, trials)
    stored: list[tuple[list[TrialRecord], dict[str, Any]]] = []
    whole: list[TrialRecord] = []
    while (record := ask_record(study)) is not None:
        stored.append(through_json(study, [*whole, record]))
        whole.append(study.tell(end(record, objectives)))
    assert len(whole) == trials
    assert all(make_space(SPACES[space]).contains(record.params) for record in whole)
    for cut in {trials - 3, trials - 1} if options is GP else {1, trials // 3, trials // 2, trials - 1}:
        # What the store has of the moment in which trial `cut` was running.
        resumed = open_study(strategy, space, objectives, options, trials)
        restored = resumed.rebuild(*stored[cut])
        assert restored[:-1] == whole[:cut]
        restored[-1] = resumed.tell(end(restored[-1], objectives))
        assert restored + run_study(resumed, lambda record: end(record, objectives)) == whole


@pytest.mark.parametrize(("strategy", "space", "objectives", "options", "trials"), CASES)
def test_a_study_cut_while_trials_run_goes_on_as_the_uninterrupted_one(
    strategy: str, space: str, objectives: int, options: Struct | None, trials: int
) -> None:
    """Three trials at a time, told in another order than asked; cut when two run."""

    def step(study: Study, running: list[TrialRecord], records: dict[int, TrialRecord]) -> None:
        while len(running) < 3 and (record := ask_record(study)) is not None:
            records[record.number] = record
            running.append(record)
        ended = study.tell(end(running.pop(len(running) // 2), objectives))
        records[ended.number] = ended

    study = open_study(strategy, space, objectives, options, trials)
    whole: dict[int, TrialRecord] = {}
    running: list[TrialRecord] = []
    cuts = []
    while study.ended_by is None or running:
        step(study, running, whole)
        if len(whole) in (5, trials - 2) and len(running) == 2:
            cuts.append((through_json(study, list(whole.values())), [record.number for record in running]))
    assert cuts
    for (records, attributes), left in cuts:
        resumed = open_study(strategy, space, objectives, options, trials)
        restored = resumed.rebuild(records, attributes)
        going = [restored[number] for number in left]
        continued = {record.number: record for record in restored}
        while resumed.ended_by is None or going:
            step(resumed, going, continued)
        assert continued == whole


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_points_that_no_sampler_drew_do_no_harm(strategy: str) -> None:
    """Known-good points, put first, come without what a sampler keeps with its own."""
    given = [
        TrialRecord(number=0, state="succeeded", params={"rate": 1e-2, "count": 4}, values=[0.0]),
        TrialRecord(number=1, state="failed", params={"rate": 1e-3, "count": 2}),
    ]
    config: dict[str, ParameterConfig] = {
        "rate": ParameterSpec(min=1e-4, max=1e-1, distribution="log_uniform"),
        "count": ParameterSpec(min=1, max=600),
    }
    if strategy == "grid":
        config = {"rate": [1e-3, 1e-2], "count": ParameterSpec(min=1, max=9)}
    study = make_study(strategy, config, max_trials=14)
    study.rebuild(given, {})
    records = [*given]
    stored = through_json(study, records)
    while (record := ask_record(study)) is not None:
        if record.number == 9:
            stored = through_json(study, records)
        records.append(study.tell(end(record, 1)))
    assert len(records) == 14
    resumed = make_study(strategy, config, max_trials=14)
    restored = resumed.rebuild(*stored)
    assert restored + run_study(resumed, lambda record: end(record, 1)) == records


@pytest.mark.parametrize("strategy", [*sorted(STRATEGIES), "gp"])
def test_no_point_of_thirty_six_is_tried_twice_in_thirty_trials(strategy: str) -> None:
    options = BayesianOptions(model="gp", n_startup_trials=27) if strategy == "gp" else None
    study = make_study("bayesian" if strategy == "gp" else strategy, THIRTY_SIX, options=options, max_trials=30)
    records = run_study(study, lambda record: end(record, 1))
    assert len({point_key(record.params) for record in records}) == len(records) == 30
