"""What a job's process writes, and that it writes nothing once the job is not its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from persopt.domain.errors import LeaseLostError, NotFoundError
from persopt.domain.events import (
    JobCancelled,
    JobFailed,
    JobProgressed,
    JobSucceeded,
    TrialFailed,
    TrialReported,
    TrialStarted,
    TrialStopped,
    TrialSucceeded,
)
from persopt.domain.jobs import Progress
from persopt.domain.trials import Report, TrialRecord
from persopt.kernel.store import JobWriter, Store
from tests.kernel.store.records import (
    FAULT,
    LEASE_SECONDS,
    START,
    dump_database,
    event_names,
    list_events,
    make_lease,
    make_trial,
    recorded_statements,
    start_job,
)

PROGRESS = Progress(done=1, total=10, best=0.5)
WRITES: list[Callable[[JobWriter], object]] = [
    lambda writer: writer.renew(5.0),
    lambda writer: writer.start_trial(make_trial(7)),
    lambda writer: writer.start_trial(make_trial(0), {"seed": 3}),
    lambda writer: writer.save_reports([Report(number=0, step=9, metrics={"loss": 1.0})], PROGRESS),
    lambda writer: writer.finish_trial(make_trial(0, "succeeded", values=[0.5]), PROGRESS),
    lambda writer: writer.finish_trial(make_trial(0, "failed"), PROGRESS, will_retry=True),
    lambda writer: writer.save_environment({"threads": 1}),
    lambda writer: writer.set_checkpoint(0, "trials/0000/checkpoint"),
    lambda writer: writer.succeed({"a": 1}, PROGRESS, None, 5.0),
    lambda writer: writer.fail(FAULT, 5.0),
    lambda writer: writer.cancel(PROGRESS, 5.0),
]


def test_a_started_trial_comes_back_as_it_was(store: Store) -> None:
    job, writer = start_job(store)
    trial = make_trial(3, attempt=2, attributes={"grid": {"point": [1, 2]}, "limit": math.inf})
    writer.start_trial(trial, {"qmc": 5})
    assert store.list_trials(job.id) == [trial]
    assert store.get_job(job.id).study_attributes == {"qmc": 5}
    started = TrialStarted(number=3, attempt=2, params=trial.params)
    assert [event.data for event in list_events(store, job.id)[2:]] == [started]
    assert list_events(store, job.id)[2].subject == "trial/3"


def test_study_attributes_stay_when_none_are_given(store: Store) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(0), {"qmc": 5})
    writer.finish_trial(make_trial(0, "succeeded", values=[1.0]), PROGRESS)
    assert store.get_job(job.id).study_attributes == {"qmc": 5}
    writer.start_trial(make_trial(1))
    writer.finish_trial(make_trial(1, "succeeded", values=[1.0]), PROGRESS, study_attributes={"qmc": 6})
    assert store.get_job(job.id).study_attributes == {"qmc": 6}


@pytest.mark.parametrize(
    ("trial", "event"),
    [
        (
            make_trial(0, "succeeded", values=[0.5, 2.0], metrics={"accuracy": 0.5}, seconds=2.0, checkpoint="a/b"),
            TrialSucceeded(number=0, values=[0.5, 2.0], metrics={"accuracy": 0.5}, seconds=2.0),
        ),
        (make_trial(0, "failed", attempt=3, fault=FAULT), TrialFailed(number=0, attempt=3, fault=FAULT)),
        (
            make_trial(0, "stopped", fault=FAULT, values=[1.0]),
            TrialStopped(number=0, reason=FAULT.message, values=[1.0]),
        ),
        (make_trial(0, "stopped"), TrialStopped(number=0, reason="stopped")),
        (make_trial(0, "cancelled"), TrialStopped(number=0, reason="cancelled")),
    ],
    ids=lambda value: value.state if isinstance(value, TrialRecord) else "",
)
def test_a_finished_trial_comes_back_with_its_event(store: Store, trial: TrialRecord, event: object) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(0))
    trial = msgspec.structs.replace(trial, finished_at=START + timedelta(seconds=3))
    writer.finish_trial(trial, PROGRESS)
    assert store.list_trials(job.id) == [trial]
    assert list_events(store, job.id)[-1].data == event
    assert store.get_job(job.id).progress == PROGRESS


def test_a_failed_attempt_that_is_tried_again_goes_on_as_the_next(store: Store) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(0))
    writer.finish_trial(make_trial(0, "failed", fault=FAULT), PROGRESS, will_retry=True)
    (trial,) = store.list_trials(job.id)
    assert (trial.state, trial.attempt) == ("running", 2)
    told = list_events(store, job.id)[-1].data
    assert told == TrialFailed(number=0, attempt=1, fault=FAULT, will_retry=True)


def test_a_trial_that_runs_is_not_finished(store: Store) -> None:
    job, writer = start_job(store)
    with pytest.raises(ValueError, match="trial 0 is still running"):
        writer.finish_trial(make_trial(0), PROGRESS)
    assert store.list_trials(job.id) == []


def test_numbers_that_are_none_come_back(store: Store) -> None:
    job, writer = start_job(store)
    metrics = {"nan": math.nan, "up": math.inf, "down": -math.inf, "whole": 3.0, "tiny": 5e-324, "third": 1 / 3}
    writer.start_trial(make_trial(0))
    writer.save_reports([Report(number=0, step=1, metrics=metrics)], PROGRESS)
    writer.finish_trial(
        make_trial(0, "succeeded", metrics=metrics, values=[math.inf, math.nan], attributes={"a": [math.inf]}), PROGRESS
    )
    (trial,) = store.list_trials(job.id)
    (report,) = store.list_reports(job.id)
    for read in (trial.metrics, report.metrics):
        assert math.isnan(read.pop("nan"))
        assert read == {name: value for name, value in metrics.items() if name != "nan"}
        assert {type(value) for value in read.values()} == {float}
    assert trial.values[0] == math.inf
    assert math.isnan(trial.values[1])
    assert trial.attributes == {"a": [math.inf]}


def test_reports_come_back_in_order_with_their_events(store: Store) -> None:
    job, writer = start_job(store)
    for number in (0, 1):
        writer.start_trial(make_trial(number))
    given = [
        Report(number=1, step=20, metrics={"loss": 0.5}, share=0.4),
        Report(number=0, step=5, metrics={"loss": 0.9}),
        Report(number=1, step=3, metrics={"loss": 0.7}, share=0.1),
    ]
    writer.save_reports(given, PROGRESS)
    assert store.list_reports(job.id) == [given[1], given[2], given[0]]
    assert store.list_reports(job.id, 1) == [given[2], given[0]]
    assert store.list_reports(job.id, 9) == []
    told = [event.data for event in list_events(store, job.id)[4:]]
    reported = [TrialReported(number=one.number, step=one.step, metrics=one.metrics) for one in given]
    assert told == [*reported, JobProgressed(progress=PROGRESS)]
    assert store.get_job(job.id).progress == PROGRESS


def test_a_step_reported_twice_is_kept_once(store: Store) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(0))
    for losses in ([1.0, 2.0], [3.0]):
        writer.save_reports([Report(number=0, step=1, metrics={"loss": loss}) for loss in losses], PROGRESS)
    assert store.list_reports(job.id) == [Report(number=0, step=1, metrics={"loss": 3.0})]
    assert event_names(store, job.id).count("trial.reported") == 3


def test_progress_without_reports_is_stored(store: Store) -> None:
    job, writer = start_job(store)
    writer.save_reports([], PROGRESS)
    assert store.get_job(job.id).progress == PROGRESS
    assert event_names(store, job.id)[2:] == ["job.progress"]


def test_an_attempt_that_begins_deletes_its_reports_only(store: Store) -> None:
    job, writer = start_job(store)
    reports = [Report(number=number, step=1, metrics={}) for number in (0, 1)]
    for number in (0, 1):
        writer.start_trial(make_trial(number))
    writer.save_reports(reports, PROGRESS)
    writer.start_trial(make_trial(0, attempt=2))
    assert store.list_reports(job.id) == reports[1:]
    assert [trial.attempt for trial in store.list_trials(job.id)] == [2, 1]


def test_a_report_of_a_trial_that_never_began_is_refused(store: Store, database_url: str) -> None:
    _, writer = start_job(store)
    before = dump_database(database_url)
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        writer.save_reports([Report(number=5, step=1, metrics={})], PROGRESS)
    assert dump_database(database_url) == before


def test_trials_are_listed_by_number_state_and_page(store: Store) -> None:
    job, writer = start_job(store)
    for number in (2, 0, 1, 3):
        writer.start_trial(make_trial(number))
    for number in (1, 3):
        writer.finish_trial(make_trial(number, "failed"), PROGRESS)

    def numbers(limit: int | None = None, offset: int = 0) -> list[int]:
        return [trial.number for trial in store.list_trials(job.id, limit=limit, offset=offset)]

    assert numbers() == [0, 1, 2, 3]
    assert numbers(limit=2) == [0, 1]
    assert numbers(limit=2, offset=1) == [1, 2]
    assert numbers(offset=3) == [3]
    assert [trial.number for trial in store.list_trials(job.id, states=("failed",))] == [1, 3]
    assert [trial.number for trial in store.list_trials(job.id, states=("running", "failed"), limit=3)] == [0, 1, 2]


def test_the_environment_and_checkpoints_are_stored(store: Store) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(0))
    writer.save_environment({"threads": 2})
    writer.set_checkpoint(0, "trials/0000/best")
    assert store.get_job(job.id).environment == {"threads": 2}
    assert [trial.checkpoint for trial in store.list_trials(job.id)] == ["trials/0000/best"]
    writer.set_checkpoint(0, None)
    assert [trial.checkpoint for trial in store.list_trials(job.id)] == [None]
    with pytest.raises(NotFoundError, match="no trial 5"):
        writer.set_checkpoint(5, "a")


def test_a_job_succeeds_with_its_result(store: Store) -> None:
    job, writer = start_job(store)
    best = make_trial(0, "succeeded", values=[0.5])
    writer.start_trial(best)
    writer.finish_trial(best, PROGRESS)
    writer.succeed({"endedBy": "trials"}, PROGRESS, best, 7.0)
    ended = store.get_job(job.id)
    assert (ended.state, ended.result, ended.progress) == ("succeeded", {"endedBy": "trials"}, PROGRESS)
    assert (ended.lease, ended.active_seconds, ended.fault) == (None, 7.0, None)
    assert ended.finished_at is not None
    told = list_events(store, job.id)[-1].data
    assert told == JobSucceeded(progress=PROGRESS, best_params=best.params, best_values=[0.5])


def test_a_job_that_has_succeeded_leaves_no_trial_running(store: Store) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(0))
    writer.succeed({}, PROGRESS, None, 7.0)
    assert [trial.state for trial in store.list_trials(job.id)] == ["cancelled"]
    assert event_names(store, job.id)[-2:] == ["trial.stopped", "job.succeeded"]


def test_a_job_fails_with_its_running_trials(store: Store) -> None:
    job, writer = start_job(store)
    for number in (1, 0, 2):
        writer.start_trial(make_trial(number))
    writer.finish_trial(make_trial(1, "succeeded", values=[1.0]), PROGRESS)
    writer.fail(FAULT, 7.0)
    ended = store.get_job(job.id)
    assert (ended.state, ended.fault, ended.lease, ended.active_seconds) == ("failed", FAULT, None, 7.0)
    trials = store.list_trials(job.id)
    assert [trial.state for trial in trials] == ["failed", "succeeded", "failed"]
    assert [trial.fault for trial in trials] == [FAULT, None, FAULT]
    told = [event.data for event in list_events(store, job.id)[-3:]]
    lost = [TrialFailed(number=number, attempt=1, fault=FAULT) for number in (0, 2)]
    assert told == [*lost, JobFailed(fault=FAULT)]


def test_a_job_is_cancelled_with_its_running_trials(store: Store) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(0))
    writer.cancel(PROGRESS, 7.0)
    ended = store.get_job(job.id)
    assert (ended.state, ended.progress, ended.lease) == ("cancelled", PROGRESS, None)
    (trial,) = store.list_trials(job.id)
    assert (trial.state, trial.fault, trial.finished_at) == ("cancelled", None, ended.finished_at)
    told = [event.data for event in list_events(store, job.id)[-2:]]
    assert told == [TrialStopped(number=0, reason="cancelled"), JobCancelled(progress=PROGRESS)]


def test_every_write_renews_the_lease(store: Store) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(0))
    for index, write in enumerate(WRITES[:8], start=1):
        seconds = 3600 * index
        earliest = datetime.now(UTC) + timedelta(seconds=seconds)
        write(store.writer(job.id, "first", seconds))
        lease = store.get_job(job.id).lease
        assert lease is not None
        assert earliest <= lease.expires_at <= datetime.now(UTC) + timedelta(seconds=seconds)


def test_the_time_that_a_job_has_run_is_renewed(store: Store) -> None:
    job, writer = start_job(store)
    writer.renew(2.5)
    assert store.get_job(job.id).active_seconds == 2.5


def test_a_lost_lease_writes_nothing(store: Store, database_url: str) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(0))
    writer.save_reports([Report(number=0, step=1, metrics={"loss": 2.0})], PROGRESS)
    store.release_crashed(job.id, "first", 3, FAULT)
    _expect_refusal(writer, database_url)
    assert store.claim_job(make_lease("second")) is not None
    _expect_refusal(writer, database_url)
    store.writer(job.id, "second", LEASE_SECONDS).renew(1.0)


@pytest.mark.parametrize("end", WRITES[8:], ids=["succeeded", "failed", "cancelled"])
def test_a_job_that_has_ended_is_not_written_to(
    store: Store, database_url: str, end: Callable[[JobWriter], object]
) -> None:
    _, writer = start_job(store)
    writer.start_trial(make_trial(0))
    end(writer)
    _expect_refusal(writer, database_url)


def _expect_refusal(writer: JobWriter, database_url: str) -> None:
    before = dump_database(database_url)
    for write in WRITES:
        with pytest.raises(LeaseLostError, match="has ended, or another process runs it"):
            write(writer)
    assert dump_database(database_url) == before


def test_a_trial_costs_two_commits_and_no_select(store: Store) -> None:
    _, writer = start_job(store)
    with recorded_statements() as statements:
        writer.start_trial(make_trial(0))
        writer.finish_trial(make_trial(0, "succeeded", values=[1.0]), PROGRESS)
    verbs = [statement.split()[0] for statement in statements if not statement.startswith("BEGIN")]
    assert verbs == ["UPDATE", "INSERT", "INSERT", "DELETE", "COMMIT", "UPDATE", "INSERT", "INSERT", "COMMIT"]
    assert not [statement for statement in statements if "SELECT" in statement]
