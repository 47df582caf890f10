"""Records, leases and looks into the database that the tests of the store share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy
from sqlalchemy import event

from persopt.domain.errors import Fault
from persopt.domain.events import CloudEvent
from persopt.domain.ids import new_job_id
from persopt.domain.jobs import JobRecord, JobState, Lease
from persopt.domain.objectives import Objective
from persopt.domain.specs import TuneSpec
from persopt.domain.trials import TrialRecord, TrialState
from persopt.kernel.store import JobWriter, Store

START = datetime(2026, 11, 1, 12, 30, 0, 123456, tzinfo=UTC)
FAULT = Fault(message="the disk is full", path="$.outputDir", code="output", hint="free some space", passing=True)
SPEC = TuneSpec(
    name="آزمایش",
    base_model_path="models/small",
    config={"learningRate": 1e-4, "batchSize": [8, 16]},
    objectives=[Objective(metric="accuracy")],
)
LEASE_SECONDS = 60.0


def make_job(minutes: float = 0, **changes: Any) -> JobRecord:
    """Return a queued job created so many minutes after START."""
    created = START + timedelta(minutes=minutes)
    job = JobRecord(id=new_job_id(), kind="tune", state="queued", spec=SPEC, created_at=created)
    return msgspec.structs.replace(job, **changes)


def make_lease(holder: str = "first", seconds: float = LEASE_SECONDS) -> Lease:
    """Return a lease from now on; its token is the holder's name."""
    expires = datetime.now(UTC) + timedelta(seconds=seconds)
    return Lease(token=holder, host="here", pid=4711, process_started=1.0, expires_at=expires)


def make_trial(number: int = 0, state: TrialState = "running", **changes: Any) -> TrialRecord:
    """Return a trial."""
    trial = TrialRecord(
        number=number, state=state, params={"learningRate": 1e-4, "batchSize": 8, "kind": "الف"}, started_at=START
    )
    return msgspec.structs.replace(trial, **changes)


def start_job(store: Store, holder: str = "first", **changes: Any) -> tuple[JobRecord, JobWriter]:
    """Create a job and claim it."""
    created = store.create_job(make_job(**changes))
    job = store.claim_job(make_lease(holder), job_id=created.id)
    assert job is not None
    return job, store.writer(job.id, holder, LEASE_SECONDS)


def end_job(store: Store, state: JobState) -> JobRecord:
    """Create a job and bring it to a terminal state."""
    job, writer = start_job(store)
    if state == "succeeded":
        writer.succeed({}, job.progress, None, 1.0)
    elif state == "failed":
        writer.fail(FAULT, 1.0)
    else:
        writer.cancel(job.progress, 1.0)
    return store.get_job(job.id)


def list_events(store: Store, job_id: str) -> list[CloudEvent]:
    """Return the events of a job that are not published, having checked their subjects, ids and numbers."""
    rows = [row for row in store.pending_events(1_000_000) if f".{job_id}." in row.subject]
    events = [msgspec.json.decode(row.payload, type=CloudEvent) for row in rows]
    assert [int(one.sequence) for one in events] == list(range(1, len(events) + 1))
    assert [one.id for one in events] == [row.event_id for row in rows]
    assert all(one.source == f"/persopt/jobs/{job_id}" for one in events)
    assert [row.subject.rpartition(f"{job_id}.")[2] for row in rows] == list_names(events)
    return events


def list_names(events: list[CloudEvent]) -> list[str]:
    """Return the types without their common beginning: `job.queued`."""
    return [one.type.removeprefix("persopt.") for one in events]


def event_names(store: Store, job_id: str) -> list[str]:
    """Return the types of a job's events in their order."""
    return list_names(list_events(store, job_id))


def dump_database(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, read past the store."""
    engine = sqlalchemy.create_engine(url)
    try:
        with engine.connect() as connection:
            metadata = sqlalchemy.MetaData()
            metadata.reflect(connection)
            return {
                name: sorted((tuple(row) for row in connection.execute(sqlalchemy.select(table))), key=repr)
                for name, table in metadata.tables.items()
            }
    finally:
        engine.dispose()


@contextmanager
def recorded_statements() -> Iterator[list[str]]:
    """Give a list to which every statement of every engine is added, and COMMIT for every commit."""
    said: list[str] = []

    def add_statement(_: object, __: object, statement: str, *___: object) -> None:
        said.append(statement)

    def add_commit(_: object) -> None:
        said.append("COMMIT")

    event.listen(sqlalchemy.Engine, "before_cursor_execute", add_statement)
    event.listen(sqlalchemy.Engine, "commit", add_commit)
    try:
        yield said
    finally:
        event.remove(sqlalchemy.Engine, "before_cursor_execute", add_statement)
        event.remove(sqlalchemy.Engine, "commit", add_commit)
