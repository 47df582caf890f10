"""The seven totals against a plain computation over the records."""

from __future__ import annotations

import math
from statistics import mean

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persopt.domain.jobs import JobRecord, Progress
from persopt.domain.metrics import Totals
from persopt.domain.objectives import Direction, Objective
from persopt.domain.specs import TuneSpec
from persopt.domain.trials import TERMINAL_TRIAL_STATES, TrialRecord
from persopt.kernel.store import Store
from persopt.tuning.ranking import find_best
from tests.kernel.store.records import FAULT, SPEC, make_job, make_trial, start_job

VALUES = st.floats(-10, 10, width=32) | st.sampled_from([0.0, 1.0, math.inf])
TRIALS = st.tuples(
    st.sampled_from((*TERMINAL_TRIAL_STATES, "running")),
    st.lists(VALUES, min_size=1, max_size=2),
    st.booleans(),
    st.none() | st.floats(0, 1000, width=32),
    st.none() | st.floats(0, 1, width=32) | st.sampled_from([math.nan, math.inf, 93.5, -1.0]),
)
STUDIES = st.tuples(
    st.sampled_from(["succeeded", "failed", "cancelled", "running"]),
    st.sampled_from(["maximize", "minimize"]),
    st.lists(TRIALS, max_size=5),
)


def test_an_empty_store_has_nothing_to_count(store: Store) -> None:
    assert store.totals() == Totals()


def test_an_example_worked_out_by_hand(store: Store) -> None:
    store.create_job(make_job())
    job, writer = start_job(store)
    best = make_trial(2, "succeeded", values=[0.6], metrics={"accuracy": 0.6}, seconds=1800.0)
    ended = [
        make_trial(0, "failed", fault=FAULT, seconds=600.0),
        make_trial(1, "succeeded", values=[0.5], metrics={"accuracy": 0.5}, seconds=1200.0),
        best,
        make_trial(3, "stopped", values=[0.4], metrics={"accuracy": 0.9}, seconds=3600.0),
        make_trial(4, "stopped"),
    ]
    for trial in ended:
        writer.start_trial(msgspec.structs.replace(trial, state="running"))
        writer.finish_trial(trial, Progress())
    writer.succeed({}, Progress(), best, 7200.0)
    totals = store.totals()
    assert totals.total_optimizations == 2
    assert totals.average_improvement == pytest.approx(20.0)
    assert totals.best_model_accuracy == 0.6
    assert totals.total_training_time == pytest.approx(2.0)
    assert (totals.successful_trials, totals.failed_trials) == (3, 1)
    assert totals.average_trial_time == pytest.approx(30.0)
    assert job.id


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(study=STUDIES)
def test_the_totals_are_those_of_the_records(
    store: Store, study: tuple[str, Direction, list[tuple[str, list[float], bool, float | None, float | None]]]
) -> None:
    """The studies of all examples gather in one store, so the sums are over more and more jobs."""
    state, direction, trials = study
    _run_study(store, state, direction, trials)
    totals, expected = store.totals(), _count_plainly(store)
    for name in Totals.__struct_fields__:
        assert getattr(totals, name) == pytest.approx(getattr(expected, name)), name


def _run_study(
    store: Store,
    state: str,
    direction: Direction,
    given: list[tuple[str, list[float], bool, float | None, float | None]],
) -> None:
    objectives = [Objective(metric="score", direction=direction)]
    _, writer = start_job(store, spec=msgspec.structs.replace(SPEC, objectives=objectives))
    for number, (outcome, values, has_values, seconds, accuracy) in enumerate(given):
        writer.start_trial(make_trial(number))
        if outcome == "running":
            continue
        metrics = {} if accuracy is None else {"accuracy": accuracy}
        kept = values[:1] if outcome == "succeeded" or (outcome == "stopped" and has_values) else []
        trial = make_trial(number, values=kept, metrics=metrics, seconds=seconds)
        writer.finish_trial(msgspec.structs.replace(trial, state=outcome), Progress())
    job = store.list_jobs(states=("running",), limit=1)[0]
    best = find_best(store.list_trials(job.id), objectives)
    if state == "succeeded":
        writer.succeed({}, Progress(), best, 1.0)
    elif state == "failed":
        writer.fail(FAULT, 1.0)
    elif state == "cancelled":
        writer.cancel(Progress(), 1.0)


def _count_plainly(store: Store) -> Totals:
    jobs = store.list_jobs(limit=1_000_000)
    trials = [trial for job in jobs for trial in store.list_trials(job.id) if trial.state != "running"]
    gains = [gain for job in jobs if (gain := _improve(job, store.list_trials(job.id))) is not None]
    shares = [trial.metrics.get("accuracy", math.nan) for trial in trials if trial.state == "succeeded"]
    seconds = [trial.seconds for trial in trials if trial.seconds is not None]
    return Totals(
        total_optimizations=len(jobs),
        average_improvement=mean(gains) if gains else 0.0,
        best_model_accuracy=max((share for share in shares if 0 <= share <= 1), default=0.0),
        total_training_time=math.fsum(seconds) / 3600,
        successful_trials=sum(
            trial.state == "succeeded" or (trial.state == "stopped" and bool(trial.values)) for trial in trials
        ),
        failed_trials=sum(trial.state == "failed" for trial in trials),
        average_trial_time=mean(seconds) / 60 if seconds else 0.0,
    )


def _improve(job: JobRecord, trials: list[TrialRecord]) -> float | None:
    assert isinstance(job.spec, TuneSpec)
    first = next((trial for trial in trials if trial.state == "succeeded"), None)
    best = find_best(trials, job.spec.objectives)
    if job.state != "succeeded" or first is None or best is None:
        return None
    gain = job.spec.objectives[0].improvement(best.values[0], first.values[0])
    return gain if math.isfinite(gain) else None
