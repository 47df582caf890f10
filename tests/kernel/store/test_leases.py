"""Claiming, cancelling, resuming, and taking jobs away from processes that are gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from persopt.domain.errors import ConflictError, LeaseLostError
from persopt.domain.events import JobCancelled, JobFailed, JobQueued, TrialFailed, TrialStopped
from persopt.domain.jobs import JobRecord, JobState, Progress
from persopt.kernel.store import Store, leases
from persopt.kernel.store.engine import Database, parse_url
from tests.kernel.store.records import (
    FAULT,
    LEASE_SECONDS,
    end_job,
    event_names,
    list_events,
    make_job,
    make_lease,
    make_trial,
    start_job,
)

Release = Callable[[Store, JobRecord, int], JobRecord | None]


def release_seen(store: Store, job: JobRecord, max_crashes: int) -> JobRecord | None:
    """Release a job whose process was seen to die."""
    assert job.lease is not None
    return store.release_crashed(job.id, job.lease.token, max_crashes, FAULT)


def release_silent(store: Store, job: JobRecord, max_crashes: int) -> JobRecord | None:
    """Release a job whose lease has expired."""
    assert job.lease is not None
    released = store.release_expired(max_crashes, now=datetime.now(UTC) + timedelta(days=1))
    return released[0] if released else None


@pytest.fixture(params=[release_seen, release_silent])
def release(request: pytest.FixtureRequest) -> Release:
    """Either way in which a dead process is noticed."""
    function: Release = request.param
    return function


def test_a_claimed_job_runs_under_its_lease(store: Store) -> None:
    created = store.create_job(make_job())
    lease = make_lease()
    job = store.claim_job(lease)
    assert job is not None
    assert (job.id, job.state, job.lease) == (created.id, "running", lease)
    assert job.started_at is not None
    assert store.get_job(job.id) == job
    assert event_names(store, job.id) == ["job.queued", "job.started"]


def test_the_oldest_queued_job_is_claimed_first(store: Store) -> None:
    jobs = {minutes: store.create_job(make_job(minutes)).id for minutes in (3, 1, 2)}
    claimed = [store.claim_job(make_lease(str(n))) for n in range(4)]
    assert [job and job.id for job in claimed] == [jobs[1], jobs[2], jobs[3], None]


def test_a_named_job_is_claimed_only_while_it_is_queued(store: Store) -> None:
    store.create_job(make_job(0))
    job = store.create_job(make_job(1))
    claimed = store.claim_job(make_lease("one"), job_id=job.id)
    assert store.claim_job(make_lease("two"), job_id=job.id) is None
    assert store.claim_job(make_lease("two"), job_id="0" * 20) is None
    assert store.get_job(job.id) == claimed


def test_a_queued_job_is_cancelled_at_once(store: Store) -> None:
    job = store.create_job(make_job())
    cancelled = store.request_cancel(job.id[:19])
    assert cancelled.state == "cancelled"
    assert cancelled.finished_at is not None
    assert store.get_job(job.id) == cancelled
    assert list_events(store, job.id)[-1].data == JobCancelled(progress=Progress())
    assert store.claim_job(make_lease()) is None


def test_a_running_job_is_asked_to_end(store: Store) -> None:
    job, writer = start_job(store)
    assert writer.renew(1.0) is False
    asked = store.request_cancel(job.id)
    assert (asked.state, asked.cancel_requested) == ("running", True)
    assert asked.lease is not None
    assert store.request_cancel(job.id).cancel_requested
    assert writer.renew(2.0) is True
    assert event_names(store, job.id) == ["job.queued", "job.started"]


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_job_that_has_ended_is_not_cancelled(store: Store, state: JobState) -> None:
    job = end_job(store, state)
    with pytest.raises(ConflictError, match=f"has already ended: it is {state}"):
        store.request_cancel(job.id)
    assert store.get_job(job.id) == job


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_job_that_failed_or_was_cancelled_can_be_resumed(store: Store, state: JobState) -> None:
    job = end_job(store, state)
    resumed = store.resume_job(job.id)
    assert (resumed.state, resumed.resumes, resumed.crashes) == ("queued", 1, 0)
    assert (resumed.fault, resumed.finished_at, resumed.lease) == (None, None, None)
    assert not resumed.cancel_requested
    assert resumed.active_seconds == job.active_seconds == 1.0
    assert list_events(store, job.id)[-1].data == JobQueued(name="آزمایش", resumes=1)
    again = store.claim_job(make_lease("again"))
    assert again is not None
    assert again.started_at == job.started_at


def test_other_jobs_cannot_be_resumed(store: Store) -> None:
    running, _ = start_job(store)
    for job in (store.create_job(make_job()), running, end_job(store, "succeeded")):
        with pytest.raises(ConflictError, match=f"is {job.state}; only a failed or cancelled job"):
            store.resume_job(job.id)


def test_a_crashed_job_is_queued_again_and_keeps_its_trials(store: Store, release: Release) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(0))
    released = release(store, job, 3)
    assert released is not None
    assert (released.state, released.crashes, released.resumes, released.lease) == ("queued", 1, 1, None)
    assert released.fault is None
    assert store.list_trials(job.id) == [make_trial(0)]
    assert event_names(store, job.id)[-1] == "job.queued"
    with pytest.raises(LeaseLostError):
        writer.renew(1.0)


def test_a_job_that_crashes_too_often_fails_with_its_trials(store: Store, release: Release) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(4, attempt=2))
    release(store, job, 2)
    again = store.claim_job(make_lease("again"))
    assert again is not None
    assert again.crashes == 1
    released = release(store, again, 2)
    assert released is not None
    assert (released.state, released.crashes, released.lease) == ("failed", 2, None)
    assert released.finished_at is not None
    fault = released.fault
    assert fault is not None
    assert fault.passing
    (trial,) = store.list_trials(job.id)
    assert (trial.state, trial.fault, trial.finished_at) == ("failed", fault, released.finished_at)
    told = [event.data for event in list_events(store, job.id)[-2:]]
    assert told == [TrialFailed(number=4, attempt=2, fault=fault), JobFailed(fault=fault)]


def test_a_finished_trial_forgives_the_crashes(store: Store, release: Release) -> None:
    job, _ = start_job(store)
    release(store, job, 3)
    again = store.claim_job(make_lease("again"))
    assert again is not None
    writer = store.writer(job.id, "again", LEASE_SECONDS)
    writer.start_trial(make_trial(0))
    assert store.get_job(job.id).crashes == 1
    writer.finish_trial(make_trial(0, "succeeded", values=[1.0]), Progress(done=1))
    assert store.get_job(job.id).crashes == 0


def test_a_crashed_job_that_was_to_end_is_cancelled(store: Store, release: Release) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(0))
    store.request_cancel(job.id)
    released = release(store, job, 1)
    assert released is not None
    assert (released.state, released.fault, released.lease) == ("cancelled", None, None)
    assert [trial.state for trial in store.list_trials(job.id)] == ["cancelled"]
    told = [event.data for event in list_events(store, job.id)[-2:]]
    assert told == [TrialStopped(number=0, reason="cancelled"), JobCancelled(progress=Progress())]


def test_a_job_queued_after_a_crash_is_cancelled_with_its_trials(store: Store) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(0))
    release_seen(store, job, 3)
    assert store.request_cancel(job.id).state == "cancelled"
    assert [trial.state for trial in store.list_trials(job.id)] == ["cancelled"]
    assert event_names(store, job.id)[-2:] == ["trial.stopped", "job.cancelled"]


def test_nothing_is_released_from_another_token(store: Store) -> None:
    job, _ = start_job(store)
    assert store.release_crashed(job.id, "other", 3, FAULT) is None
    assert store.force_cancel(job.id, "other") is None
    assert store.release_crashed("0" * 20, "first", 3, FAULT) is None
    assert store.get_job(job.id) == job


def test_only_an_expired_lease_is_taken(store: Store) -> None:
    fresh, _ = start_job(store, holder="fresh")
    stale = store.create_job(make_job())
    store.claim_job(make_lease("stale", seconds=-1), job_id=stale.id)
    store.create_job(make_job())
    released = store.release_expired(3)
    assert [job.id for job in released] == [stale.id]
    assert store.get_job(fresh.id).state == "running"
    assert store.release_expired(3) == []


def test_a_lease_renewed_in_the_meantime_is_not_taken(store: Store, database_url: str) -> None:
    """Between the look for expired leases and the taking of one, its holder may speak again."""
    job, writer = start_job(store)
    writer.renew(1.0)
    database = Database(parse_url(database_url))
    assert database.write(leases.release_expired, job.id, 3, datetime.now(UTC)) is None
    database.close()
    assert store.get_job(job.id).state == "running"


def test_the_fault_of_a_silent_process_names_it(store: Store) -> None:
    job, _ = start_job(store)
    released = release_silent(store, job, 1)
    assert released is not None
    assert released.fault is not None
    assert "process 4711 on here" in released.fault.message
    assert released.fault.code == "killed"


def test_a_job_whose_processes_were_killed_is_cancelled(store: Store) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(0))
    writer.start_trial(make_trial(1))
    writer.finish_trial(make_trial(1, "succeeded", values=[1.0]), Progress(done=1))
    cancelled = store.force_cancel(job.id, "first")
    assert cancelled is not None
    assert (cancelled.state, cancelled.lease) == ("cancelled", None)
    assert [trial.state for trial in store.list_trials(job.id)] == ["cancelled", "succeeded"]
    assert event_names(store, job.id)[-2:] == ["trial.stopped", "job.cancelled"]
    assert store.force_cancel(job.id, "first") is None
