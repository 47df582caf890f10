"""Creating, finding and listing jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from persopt.domain.errors import NotFoundError
from persopt.domain.events import JobQueued
from persopt.domain.jobs import JobState, Progress
from persopt.kernel.store import Store
from tests.kernel.store.records import FAULT, START, end_job, list_events, make_job, recorded_statements, start_job


def test_a_job_comes_back_as_it_was(store: Store) -> None:
    job = make_job(
        progress=Progress(done=3, total=7, failed=1, best=0.25, share=0.5, message="در حال آموزش"),
        fault=FAULT,
        result={"best": {"number": 3}, "trials": []},
        environment={"threads": 2, "versions": {"torch": "2.13"}},
        study_attributes={"seed": 1, "nested": [1.5, None, float("inf")]},
        resumes=2,
        crashes=1,
        active_seconds=12.0,
    )
    assert store.create_job(job) == job
    read = store.get_job(job.id)
    assert read == job
    assert type(read.active_seconds) is float
    assert read.created_at.tzinfo is UTC


def test_a_time_of_another_zone_is_the_same_moment(store: Store) -> None:
    tehran = timezone(timedelta(hours=3, minutes=30))
    job = store.create_job(make_job(created_at=datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=tehran)))
    assert store.get_job(job.id).created_at == datetime(2025, 12, 31, 20, 30, 0, 1, tzinfo=UTC)


def test_creating_tells_of_it(store: Store) -> None:
    job = store.create_job(make_job())
    (event,) = list_events(store, job.id)
    assert event.data == JobQueued(name="آزمایش", resumes=0)
    assert event.type == "persopt.job.queued"


def test_the_same_id_twice_leaves_the_first(store: Store) -> None:
    job = store.create_job(make_job())
    with pytest.raises(Exception, match=r"UNIQUE|duplicate key"):
        store.create_job(msgspec.structs.replace(job, resumes=5))
    assert store.get_job(job.id) == job
    assert store.event_lag() == 1


def test_the_beginning_of_an_id_is_enough(store: Store) -> None:
    first = store.create_job(make_job(id="00aabbccddeeff001122"))
    second = store.create_job(make_job(id="00aabbccddeeff001133"))
    assert store.get_job("00aabbccddeeff00112") == first
    assert store.get_job("00aabbccddeeff00113") == second
    assert store.get_job(first.id) == first
    assert store.list_trials("00aabbccddeeff00112") == []
    assert store.list_reports("00aabbccddeeff00112") == []
    with pytest.raises(NotFoundError, match=r"several jobs begin with '00aabb': .*1122, .*1133 \(give more digits\)"):
        store.get_job("00aabb")


@pytest.mark.parametrize("given", ["", "00aab", "ffffff", "00AABB", "%%%%%%", "______", "no such job", "0" * 40])
def test_what_is_no_id_is_not_found(store: Store, given: str) -> None:
    store.create_job(make_job(id="00aabbccddeeff001122"))
    for ask in (store.get_job, store.request_cancel, store.resume_job, store.list_trials, store.list_reports):
        with pytest.raises(NotFoundError, match="there is no job"):
            ask(given)


def test_jobs_are_listed_the_newest_first(store: Store) -> None:
    jobs = [store.create_job(make_job(minutes)) for minutes in (3, 1, 2)]
    newest_first = [jobs[0].id, jobs[2].id, jobs[1].id]
    assert [job.id for job in store.list_jobs()] == newest_first
    assert [job.id for job in store.list_jobs(limit=1)] == newest_first[:1]
    assert [job.id for job in store.list_jobs(limit=2, offset=1)] == newest_first[1:]
    assert store.list_jobs(offset=3) == []


def test_jobs_of_one_moment_have_an_order_too(store: Store) -> None:
    ids = sorted(store.create_job(make_job(created_at=START)).id for _ in range(5))
    assert [job.id for job in store.list_jobs()] == ids[::-1]


def test_jobs_are_listed_and_counted_by_state_and_kind(store: Store) -> None:
    ended: dict[JobState, str] = {state: end_job(store, state).id for state in ("succeeded", "failed", "cancelled")}
    running, _ = start_job(store)
    queued = store.create_job(make_job())
    by_state = {**ended, "running": running.id, "queued": queued.id}
    for state, job_id in by_state.items():
        assert [job.id for job in store.list_jobs(states=(state,))] == [job_id]
        assert store.count_jobs(states=(state,)) == 1
    assert {job.id for job in store.list_jobs(states=("failed", "queued"))} == {by_state["failed"], queued.id}
    assert store.count_jobs() == store.count_jobs("tune") == 5
    assert store.count_jobs("tune", ("failed", "queued")) == 2
    assert len(store.list_jobs(kind="tune", states=("succeeded", "cancelled"))) == 2
    assert store.list_jobs(kind="prune") == []
    assert store.count_jobs("prune") == 0


def test_listing_jobs_is_one_statement_that_reads_no_trials(store: Store) -> None:
    start_job(store)
    with recorded_statements() as statements:
        assert len(store.list_jobs(kind="tune", states=("running",))) == 1
    selects = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(selects) == 1
    assert "trials" not in selects[0]


def test_the_next_job_is_the_oldest_queued_one(store: Store) -> None:
    assert store.next_queued() is None
    late, early = store.create_job(make_job(2)), store.create_job(make_job(1))
    assert store.next_queued() == early
    store.request_cancel(early.id)
    assert store.next_queued() == late
