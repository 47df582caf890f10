from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from persopt.domain.errors import Fault, InputError
from persopt.domain.space import ParameterConfig, ParameterSpec, point_key
from persopt.domain.trials import TrialRecord
from persopt.tuning.builtin.bayesian import BayesianOptions
from persopt.tuning.study import STEP_ATTRIBUTE, Study
from tests.tuning.studies import (
    FINITE,
    MIXED,
    STRATEGIES,
    ask_record,
    bowl,
    finite_configs,
    make_space,
    make_study,
    run_study,
)

End = Callable[[TrialRecord], TrialRecord]


def succeed(record: TrialRecord) -> TrialRecord:
    return msgspec.structs.replace(record, state="succeeded", values=[bowl(record.params)])


def end_in_all_ways(record: TrialRecord) -> TrialRecord:
    """End the trials in turn in all states that a trial can end in."""
    if record.number % 5 == 2:
        return msgspec.structs.replace(record, state="failed", fault=Fault(message="lost"))
    if record.number % 5 == 3:
        attributes = {**record.attributes, STEP_ATTRIBUTE: record.number}
        return msgspec.structs.replace(record, state="stopped", values=[bowl(record.params)], attributes=attributes)
    if record.number % 5 == 4:
        return msgspec.structs.replace(record, state="stopped")
    return succeed(record)


def through_json(study: Study, records: list[TrialRecord]) -> tuple[list[TrialRecord], dict[str, object]]:
    """Return records and study attributes as a store would give them back: points in another order."""
    shuffled = [msgspec.structs.replace(record, params=dict(reversed(record.params.items()))) for record in records]
    return (
        msgspec.json.decode(msgspec.json.encode(shuffled), type=list[TrialRecord]),
        msgspec.json.decode(msgspec.json.encode(study.study_attributes())),
    )


CASES = [
    ("random", MIXED, None),
    ("random", FINITE, None),
    ("grid", FINITE, None),
    ("bayesian", MIXED, None),
    ("bayesian", MIXED, BayesianOptions(n_startup_trials=3, group=True)),
    ("bayesian", MIXED, BayesianOptions(n_startup_trials=3, multivariate=False)),
    ("bayesian", FINITE, None),
]


@pytest.mark.parametrize("end", [succeed, end_in_all_ways])
@pytest.mark.parametrize(("strategy", "config", "options"), CASES)
def test_a_study_cut_anywhere_goes_on_as_the_uninterrupted_one(
    strategy: str, config: dict[str, ParameterConfig], options: BayesianOptions | None, end: End
) -> None:
    study = make_study(strategy, config, options=options, max_trials=16)
    whole = run_study(study, end)
    assert len(whole) == 16
    for cut in range(len(whole) + 1):
        resumed = make_study(strategy, config, options=options, max_trials=16)
        restored = resumed.rebuild(*through_json(study, whole[:cut]))
        assert restored == whole[:cut]
        assert restored + run_study(resumed, end) == whole


@pytest.mark.parametrize(("strategy", "config", "options"), CASES)
def test_a_study_cut_while_trials_run_goes_on_as_the_uninterrupted_one(
    strategy: str, config: dict[str, ParameterConfig], options: BayesianOptions | None
) -> None:
    """Three trials at a time, told in another order than asked; cut when one has ended and two run."""

    def step(study: Study, running: list[TrialRecord], records: dict[int, TrialRecord]) -> None:
        while len(running) < 3 and (record := ask_record(study)) is not None:
            records[record.number] = record
            running.append(record)
        ended = study.tell(end_in_all_ways(running.pop(len(running) // 2)))
        records[ended.number] = ended

    def finish(study: Study, running: list[TrialRecord], records: dict[int, TrialRecord]) -> None:
        while study.ended_by is None or running:
            step(study, running, records)

    for cut in (1, 5, 9, 12):
        whole: dict[int, TrialRecord] = {}
        running: list[TrialRecord] = []
        study = make_study(strategy, config, options=options, max_trials=16)
        for _ in range(cut):
            step(study, running, whole)
        resumed = make_study(strategy, config, options=options, max_trials=16)
        restored = resumed.rebuild(*through_json(study, list(whole.values())))
        left = [restored[record.number] for record in running]
        assert left == running
        assert {record.state for record in left} == {"running"}
        continued = {record.number: record for record in restored}
        finish(study, running, whole)
        finish(resumed, left, continued)
        assert continued == whole


@pytest.mark.parametrize("strategy", ["random", "bayesian"])
def test_several_objectives_are_resumed_too(strategy: str) -> None:
    def end(record: TrialRecord) -> TrialRecord:
        state = "stopped" if record.number % 4 == 3 else "succeeded"
        values = [bowl(record.params), float(record.params["count"])]
        return msgspec.structs.replace(record, state=state, values=values)

    study = make_study(strategy, MIXED, objectives=2, max_trials=14)
    whole = run_study(study, end)
    for cut in (0, 3, 6, 9, 13):
        resumed = make_study(strategy, MIXED, objectives=2, max_trials=14)
        restored = resumed.rebuild(*through_json(study, whole[:cut]))
        assert restored + run_study(resumed, end) == whole


@pytest.mark.parametrize("strategy", ["random", "bayesian"])
def test_another_seed_gives_other_points(strategy: str) -> None:
    one = run_study(make_study(strategy, MIXED, seed=1, max_trials=8), succeed)
    other = run_study(make_study(strategy, MIXED, seed=2, max_trials=8), succeed)
    assert len({point_key(record.params) for record in one + other}) == 16


def test_bayesian_search_uses_what_it_has_seen() -> None:
    config: dict[str, ParameterConfig] = {"x": ParameterSpec(min=0.0, max=1.0)}

    def near(target: float) -> End:
        return lambda record: msgspec.structs.replace(
            record, state="succeeded", values=[-abs(float(record.params["x"]) - target)]
        )

    for target in (0.2, 0.8):
        records = run_study(make_study("bayesian", config, max_trials=60), near(target))
        late = [abs(float(record.params["x"]) - target) for record in records[30:]]
        assert sorted(late)[len(late) // 2] < 0.1


@given(config=finite_configs(), strategy=st.sampled_from(sorted(STRATEGIES)), seed=st.integers(0, 2**32 - 1))
@example_settings(max_examples=60)
def test_a_finite_space_is_exhausted_without_a_repeat(
    config: dict[str, ParameterConfig], strategy: str, seed: int
) -> None:
    space = make_space(config)
    assert space.size is not None
    if strategy == "cmaes" and not any(
        getattr(item, "low", 0) < getattr(item, "high", 0) and not item.when for item in space.parameters
    ):
        with pytest.raises(InputError, match="needs a range"):
            make_study(strategy, config, seed=seed).ask()
        return
    records = run_study(make_study(strategy, config, seed=seed), end_in_all_ways, limit=40)
    points = {point_key(record.params) for record in records}
    assert len(points) == len(records) == min(40, space.size)
    assert all(space.contains(record.params) for record in records)
    assert [record.number for record in records] == list(range(len(records)))


@given(
    low=st.floats(-1e6, 1e6, allow_subnormal=False),
    width=st.floats(0, 1e6, allow_subnormal=False),
    log=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
@example_settings(max_examples=60)
def test_draws_lie_in_a_continuous_space(low: float, width: float, log: bool, seed: int) -> None:
    low = max(abs(low), 1e-9) if log else low
    distribution = "log_uniform" if log else "uniform"
    config: dict[str, ParameterConfig] = {
        "x": ParameterSpec(min=low, max=low + width, distribution=distribution, type="float"),  # type: ignore[arg-type]  # one of the two
        "n": ParameterSpec(min=1, max=1000, distribution=distribution, when={"k": True}),  # type: ignore[arg-type]
        "k": [True, 1, 1.0, "1"],
    }
    space = make_space(config)
    for record in run_study(make_study("random", config, seed=seed), succeed, limit=4):
        assert space.contains(record.params)


def test_an_exhausted_study_says_so_and_a_full_one_too() -> None:
    exhausted = make_study("random", FINITE, max_trials=17)
    assert exhausted.planned == 16
    assert len(run_study(exhausted, succeed)) == 16
    assert (exhausted.ended_by, exhausted.ask()) == ("exhausted", None)
    full = make_study("random", FINITE, max_trials=5)
    assert full.planned == 5
    reasons = [full.ended_by]
    assert len(run_study(full, succeed)) == 5
    reasons.append(full.ended_by)
    assert reasons == [None, "trials"]
    assert full.ask() is None
    assert make_study("random", MIXED).planned is None


def test_a_space_too_large_to_list_is_searched_without_repeats() -> None:
    config: dict[str, ParameterConfig] = {name: ParameterSpec(min=0, max=2**50) for name in "abcdef"}
    records = run_study(make_study("random", config, max_trials=30), succeed)
    assert len({point_key(record.params) for record in records}) == 30


def test_choices_that_python_holds_equal_stay_apart() -> None:
    records = run_study(make_study("random", {"x": [True, 1, 1.0, "1", False, 0]}), succeed)
    assert sorted((type(record.params["x"]).__name__, str(record.params["x"])) for record in records) == [
        ("bool", "False"),
        ("bool", "True"),
        ("float", "1.0"),
        ("int", "0"),
        ("int", "1"),
        ("str", "1"),
    ]


def test_records_with_a_gap_are_refused() -> None:
    study = make_study("random", MIXED)
    records = run_study(make_study("random", MIXED, max_trials=3), succeed)
    with pytest.raises(ValueError, match="trial 1 is missing"):
        study.rebuild([records[0], records[2]], {})


@given(config=finite_configs())
@example_settings(max_examples=60)
def test_a_point_is_found_by_its_place(config: dict[str, ParameterConfig]) -> None:
    space = make_space(config)
    points = list(space.points())
    assert [space.point_at(index) for index in range(len(points))] == points
    assert space.size == len(points)
    with pytest.raises(IndexError, match="has no point"):
        space.point_at(len(points))
