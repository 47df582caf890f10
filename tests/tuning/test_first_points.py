"""Points that are tried first: enqueued ones and those of an earlier tuning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.errors import InputError
from persopt.domain.objectives import Objective
from persopt.domain.reports import TuneReport
from persopt.domain.space import ParameterConfig, Params
from persopt.domain.trials import TrialRecord
from persopt.domain.warm_start import EarlierPoint, WarmStart
from persopt.tuning.enqueuing import ORIGIN_ATTRIBUTE, EnqueuedPoint, check_points, list_enqueued
from persopt.tuning.study import Study, StudyRequest
from persopt.tuning.warm_start import EarlierTuning, find_report, fit_point, resolve_warm_start
from tests.tuning.studies import FINITE, MIXED, STRATEGIES, ask_record, bowl, make_space, run_study

GOALS = (Objective("value0"),)
POINTS: list[Params] = [
    {"rate": 1e-2, "count": 4, "kind": "c"},
    {"rate": 1e-3, "kind": "b"},
    {"rate": 1e-2, "count": 4.0, "kind": "c"},  # the first one again
]


def make(
    strategy: str, config: dict[str, ParameterConfig], points: list[Params], *, max_trials: int | None = None
) -> Study:
    space, chosen = make_space(config), STRATEGIES[strategy]
    return Study(
        StudyRequest(
            strategy=chosen,
            options=chosen.options(),
            space=space,
            objectives=GOALS,
            seed=3,
            max_trials=max_trials,
            enqueued=list_enqueued(space, points, None),
        )
    )


def end(record: TrialRecord) -> TrialRecord:
    return msgspec.structs.replace(record, state="succeeded", values=[bowl(record.params)])


@pytest.mark.parametrize("strategy", ["random", "bayesian", "nsga2", "qmc"])
def test_enqueued_points_come_first_each_once_and_the_rest_of_a_point_is_sampled(strategy: str) -> None:
    records = run_study(make(strategy, MIXED, POINTS, max_trials=5), end)
    assert records[0].params == {"rate": 1e-2, "count": 4, "kind": "c"}
    assert {"rate": 1e-3, "kind": "b"}.items() <= records[1].params.items()
    assert set(records[1].params) == {"rate", "count", "kind", "extra"}
    assert [record.attributes.get(ORIGIN_ATTRIBUTE) for record in records] == ["enqueue", "enqueue", None, None, None]


@pytest.mark.parametrize("strategy", ["random", "bayesian", "nsga2", "qmc"])
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_resumed_study_goes_on_with_the_points_of_an_uninterrupted_one(strategy: str, cut: int) -> None:
    whole = run_study(make(strategy, MIXED, POINTS, max_trials=6), end)
    stored = msgspec.json.decode(msgspec.json.encode(whole[:cut]), type=list[TrialRecord])
    resumed = make(strategy, MIXED, POINTS, max_trials=6)
    resumed.rebuild(stored, {})
    assert [record.params for record in run_study(resumed, end)] == [record.params for record in whole[cut:]]


@pytest.mark.parametrize("strategy", ["grid", "random", "bayesian"])
def test_a_finite_space_is_still_covered_once(strategy: str) -> None:
    points: list[Params] = [{"kind": "b"}, {"kind": "b", "layers": 2, "rate": 1e-2}, {"rate": 1e-4}]
    records = run_study(make(strategy, FINITE, points), end)
    size = make_space(FINITE).size
    assert len(records) == size == 16
    assert len({str(sorted(record.params.items())) for record in records}) == size
    assert records[1].params == {"rate": 1e-2, "kind": "b", "layers": 2}
    assert records[0].params["kind"] == "b"


def test_a_running_enqueued_trial_is_known_to_a_rebuilt_study() -> None:
    record = ask_record(make("random", MIXED, POINTS))
    assert record is not None
    resumed = make("random", MIXED, POINTS)
    assert resumed.rebuild([record], {}) == [record]
    assert resumed.tell(end(record)).values


def test_points_out_of_the_space_are_all_told_at_once() -> None:
    points: list[Params] = [{"rat": 1e-2}, {"rate": 5.0, "kind": "d"}, {}, {"kind": "c", "extra": 0.5}, {"count": 2.5}]
    faults = {fault.path: fault.message for fault in check_points(make_space(MIXED), points)}
    assert faults == {
        "$.enqueue[0].rat": "the space has no such parameter; did you mean 'rate'?",
        "$.enqueue[1].rate": "expected a number in [1e-05, 0.1], got 5.0",
        "$.enqueue[1].kind": "expected 'a', 'b' or 'c', got 'd'",
        "$.enqueue[2]": "is empty; give at least one parameter",
        "$.enqueue[3].extra": "exists only where kind is 'a' or 'b', and the point has 'c'",
        "$.enqueue[4].count": "expected an integer in [1, 9], got 2.5",
    }
    assert list(check_points(make_space(MIXED), POINTS)) == []


def trial(number: int, value: float, state: Any = "succeeded", **params: Any) -> TrialRecord:
    values = [value] if state == "succeeded" else []
    return TrialRecord(
        number=number, state=state, params=params, values=values, metrics={"value0": value, "loss": -value}
    )


EARLIER = EarlierTuning(
    objectives=GOALS,
    trials=[
        trial(0, 0.5, rate=1e-3, count=3, kind="a"),
        trial(1, 0.9, rate=0.5, count=40, kind="c", old=1),
        trial(2, 0.8, rate=1e-2, count=2, kind="gone"),
        trial(3, 0.7, rate=0.3, count=12, kind="c"),
        trial(4, 1.0, "stopped", rate=1e-3),
        trial(5, 0.1, rate=1e-4, count=1, kind="b", extra=0.25),
    ],
)


def test_the_good_points_of_an_earlier_tuning_come_first_fitted_to_the_space() -> None:
    resolved = resolve_warm_start(WarmStart(job="abc", trials=3), EARLIER, make_space(MIXED), GOALS)
    assert resolved.points == [
        # Beyond the ranges: at their ends; `old` is not of the space. Trial 3 comes out as the same point.
        EarlierPoint(trial=1, params={"rate": 0.1, "count": 9, "kind": "c"}, values=[0.9]),
        EarlierPoint(trial=0, params={"rate": 1e-3, "count": 3, "kind": "a"}, values=[0.5]),
        EarlierPoint(trial=5, params={"rate": 1e-4, "count": 1, "kind": "b", "extra": 0.25}, values=[0.1]),
    ]
    points = list_enqueued(make_space(MIXED), [{"kind": "a"}], resolved, 3)
    assert [point.origin for point in points] == ["enqueue", "trial 1 of abc", "trial 0 of abc"]
    assert points[1] == EnqueuedPoint({"rate": 0.1, "count": 9, "kind": "c"}, "trial 1 of abc")


def test_good_is_what_the_new_objective_says_where_the_trials_have_it() -> None:
    goal = (Objective("loss"),)  # the other way round
    resolved = resolve_warm_start(WarmStart(job="abc", trials=1), EARLIER, make_space(MIXED), goal)
    assert [point.trial for point in resolved.points or ()] == [5]
    unknown = resolve_warm_start(WarmStart(job="abc", trials=1), EARLIER, make_space(MIXED), (Objective("f1"),))
    assert [point.trial for point in unknown.points or ()] == [1]


def test_a_tuning_without_a_fitting_point_is_refused_in_words() -> None:
    with pytest.raises(InputError, match=r"none of the 5 points of abc fits.*parameters there: count, extra, kind"):
        resolve_warm_start(WarmStart(job="abc"), EARLIER, make_space({"z": [1, 2]}), GOALS)
    with pytest.raises(InputError, match="no trial that came to its end"):
        resolve_warm_start(WarmStart(job="abc"), EarlierTuning(objectives=GOALS, trials=[]), make_space(MIXED), GOALS)


@given(
    st.fixed_dictionaries(
        {}, optional={"rate": st.floats(-1, 9), "kind": st.sampled_from("abcd"), "layers": st.integers(-3, 9)}
    )
)
def test_what_was_fitted_is_accepted_as_an_enqueued_point(params: Params) -> None:
    space = make_space(FINITE)
    fitted = fit_point(space, params)
    if fitted:
        assert list(check_points(space, [fitted])) == []
        assert list_enqueued(space, [fitted], None)[0].params == fitted


def test_a_report_is_found_by_its_path_its_folder_and_its_jobs_id(tmp_path: Path) -> None:
    folder = tmp_path / "jobs" / "01a20b00000000000000"
    folder.mkdir(parents=True)
    report = TuneReport(
        objectives=list(GOALS),
        best=None,
        trials=list(EARLIER.trials),
        ended_by="trials",
        strategy="random",
        space_size=None,
        model_path=None,
        artifacts={},
        seconds=1.0,
        environment={},
    )
    report.save(folder / "report.json")
    for given_as in (str(folder / "report.json"), str(folder), "01a20b00"):
        assert find_report(given_as, tmp_path / "jobs").trials == list(EARLIER.trials)
    (tmp_path / "other.json").write_text("{}")
    for wrong in ("ffff", "nowhere/report.json", str(tmp_path / "other.json")):
        with pytest.raises(InputError) as caught:
            find_report(wrong, tmp_path / "jobs")
        assert caught.value.faults[0].path == "$.warmStart.job"
