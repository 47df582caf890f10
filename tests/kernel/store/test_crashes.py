"""A process killed (SIGKILL) between any two statements of a transaction leaves nothing half-written."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from persopt.domain.jobs import Progress
from persopt.domain.trials import Report
from persopt.kernel.store import JobWriter, Store
from tests.kernel.store.processes import run_and_die
from tests.kernel.store.records import (
    FAULT,
    LEASE_SECONDS,
    dump_database,
    event_names,
    make_job,
    make_lease,
    make_trial,
    start_job,
)


def start_trial(writer: JobWriter) -> None:
    """Start a second trial."""
    writer.start_trial(make_trial(1), {"seed": 2})


def restart_trial(writer: JobWriter) -> None:
    """Start the first trial again."""
    writer.start_trial(make_trial(0, attempt=2))


def save_reports(writer: JobWriter) -> None:
    """Save two reports."""
    writer.save_reports([Report(number=0, step=step, metrics={"loss": 1.0}) for step in (2, 3)], Progress(done=1))


def finish_trial(writer: JobWriter) -> None:
    """Finish the first trial."""
    writer.finish_trial(make_trial(0, "succeeded", values=[1.0]), Progress(done=1))


def succeed(writer: JobWriter) -> None:
    """End the job well."""
    writer.succeed({"a": 1}, Progress(), make_trial(0, "succeeded", values=[1.0]), 1.0)


def fail(writer: JobWriter) -> None:
    """End the job badly."""
    writer.fail(FAULT, 1.0)


@pytest.mark.parametrize("write", [start_trial, restart_trial, save_reports, finish_trial, succeed, fail])
def test_a_write_is_done_wholly_or_not_at_all(
    store: Store, database_url: str, write: Callable[[JobWriter], None]
) -> None:
    job, writer = start_job(store)
    writer.start_trial(make_trial(0))
    writer.save_reports([Report(number=0, step=1, metrics={"loss": 2.0})], Progress())
    before = dump_database(database_url)
    died = 0
    for statement in itertools.count(1):
        if not run_and_die(statement, write_once, database_url, job.id, write):
            break
        died += 1
        assert dump_database(database_url) == before
    assert died >= 3
    assert dump_database(database_url) != before
    event_names(store, job.id)  # no gap in their numbers


def test_a_claim_is_done_wholly_or_not_at_all(store: Store, database_url: str) -> None:
    job = store.create_job(make_job())
    before = dump_database(database_url)
    for statement in itertools.count(1):
        if not run_and_die(statement, claim_once, database_url):
            break
        assert dump_database(database_url) == before
    assert store.get_job(job.id).state == "running"
    assert event_names(store, job.id) == ["job.queued", "job.started"]


def write_once(url: str, job_id: str, write: Callable[[JobWriter], None]) -> None:
    """Write once for a job under its lease."""
    with Store.open(url) as store:
        write(store.writer(job_id, "first", LEASE_SECONDS))


def claim_once(url: str) -> None:
    """Claim the oldest job."""
    with Store.open(url) as store:
        store.claim_job(make_lease())
