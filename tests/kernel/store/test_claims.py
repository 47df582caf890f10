"""Several claimers and writers at the same moment: threads, and processes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from persopt.domain.jobs import Progress
from persopt.kernel.store import Store
from tests.kernel.store.processes import run_together
from tests.kernel.store.records import LEASE_SECONDS, event_names, make_job, make_lease, make_trial, start_job

CLAIMERS = 4
JOBS = 40


def test_threads_never_claim_the_same_job(store: Store) -> None:
    ids = [store.create_job(make_job(minutes)).id for minutes in range(JOBS)]
    barrier = Barrier(CLAIMERS)

    def claim_all(name: str) -> list[str]:
        barrier.wait(60)
        return list(_claim(store, name))

    with ThreadPoolExecutor(CLAIMERS) as pool:
        claimed = list(pool.map(claim_all, [f"thread {n}" for n in range(CLAIMERS)]))
    assert sorted(job_id for some in claimed for job_id in some) == sorted(ids)


def test_processes_never_claim_the_same_job(store: Store, database_url: str) -> None:
    ids = [store.create_job(make_job(minutes)).id for minutes in range(JOBS)]
    claimed = run_together(CLAIMERS, claim_all, database_url)
    assert sorted(job_id for some in claimed for job_id in some) == sorted(ids)
    assert all(event_names(store, job_id) == ["job.queued", "job.started"] for job_id in ids)


def test_one_named_job_is_claimed_once(store: Store, database_url: str) -> None:
    job = store.create_job(make_job())
    claimed = run_together(CLAIMERS, claim_one, database_url, job.id)
    assert sorted(claimed) == [False, False, False, True]


def test_processes_write_at_the_same_time_without_a_lock_error(store: Store, database_url: str) -> None:
    assert run_together(CLAIMERS, run_job, database_url, 25) == [25] * CLAIMERS
    for job in store.list_jobs():
        assert len(event_names(store, job.id)) == 2 + 2 * 25 + 1


def test_threads_write_one_job_at_the_same_time(store: Store) -> None:
    job, writer = start_job(store)

    def run_trial(number: int) -> bool:
        writer.start_trial(make_trial(number))
        writer.finish_trial(make_trial(number, "succeeded", values=[1.0]), Progress())
        return writer.renew(1.0)

    with ThreadPoolExecutor(CLAIMERS) as pool:
        assert list(pool.map(run_trial, range(40))) == [False] * 40
    assert len(event_names(store, job.id)) == 2 + 2 * 40
    assert {trial.state for trial in store.list_trials(job.id)} == {"succeeded"}


def test_reading_goes_on_beside_writing(store: Store, database_url: str) -> None:
    """A reader sees whole transactions only: a trial's row and its event together."""
    job, writer = start_job(store)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(_write_trials, writer_of=(database_url, job.id), count=50)
        while not writing.done():
            events = len(store.pending_events(1000))
            assert len(store.list_trials(job.id)) >= events - 2
        writing.result()
    assert len(store.list_trials(job.id)) == 50
    writer.renew(1.0)


def claim_all(url: str) -> list[str]:
    """Claim jobs until none is queued."""
    with Store.open(url) as store:
        return list(_claim(store, "process"))


def claim_one(url: str, job_id: str) -> bool:
    """Claim a job by its id."""
    with Store.open(url) as store:
        return store.claim_job(make_lease(), job_id=job_id) is not None


def run_job(url: str, count: int) -> int:
    """Create, claim and run a job of so many trials."""
    with Store.open(url) as store:
        job, writer = start_job(store)
        for number in range(count):
            writer.start_trial(make_trial(number))
            writer.finish_trial(make_trial(number, "succeeded", values=[1.0]), Progress())
        writer.succeed({}, Progress(), None, 1.0)
        return len(store.list_trials(job.id, states=("succeeded",)))


def _claim(store: Store, name: str) -> Iterator[str]:
    while (job := store.claim_job(make_lease(name))) is not None:
        yield job.id


def _write_trials(writer_of: tuple[str, str], count: int) -> None:
    url, job_id = writer_of
    with Store.open(url) as store:
        writer = store.writer(job_id, "first", LEASE_SECONDS)
        for number in range(count):
            writer.start_trial(make_trial(number))
