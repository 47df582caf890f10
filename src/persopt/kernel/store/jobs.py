"""Jobs: rows to records and back, finding them, and the one way in which their state changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, RowMapping, Select, and_, bindparam, func, insert, or_, select, update

from persopt.domain.errors import NotFoundError
from persopt.domain.events import EventData, JobQueued
from persopt.domain.jobs import JobKind, JobRecord, JobState, Lease
from persopt.kernel.store.outbox import add_events
from persopt.kernel.store.schema import jobs

__all__ = (
    "change_job",
    "choose_jobs",
    "count_jobs",
    "find_job_id",
    "get_job",
    "insert_job",
    "list_jobs",
    "lock_job",
    "next_queued",
    "release_lease",
    "utc_now",
)

_ID_LENGTH: Final = 20
_PREFIX: Final = re.compile(r"[0-9a-f]{6,19}")
_SHOWN: Final = 3
_INTERNAL: Final = ("event_sequence", "improvement")
_COLUMNS: Final = tuple(column for column in jobs.columns if column.name not in _INTERNAL)
_LEASE_FIELDS: Final = Lease.__struct_fields__
_BY_ID: Final = select(*_COLUMNS).where(jobs.c.id == bindparam("wanted"))
_LOCKED: Final = _BY_ID.with_for_update()
_OLDEST_FIRST: Final = (jobs.c.created_at, jobs.c.id)
_NEWEST_FIRST: Final = (jobs.c.created_at.desc(), jobs.c.id.desc())


def utc_now() -> datetime:
    """Return the time, timezone-aware."""
    return datetime.now(UTC)


def insert_job(connection: Connection, job: JobRecord) -> JobRecord:
    """Insert a queued job with its first event."""
    queued = JobQueued(name=job.spec.name, resumes=job.resumes)
    connection.execute(insert(jobs).inline(), {**_to_row(job), "event_sequence": 1})
    add_events(connection, job.id, job.kind, 1, [queued], utc_now())
    return job


def change_job(connection: Connection, job_id: str, events: Sequence[EventData], **values: Any) -> JobRecord:
    """Change columns of a job that this transaction has locked, with the events that tell of it."""
    statement = (
        update(jobs)
        .where(jobs.c.id == job_id)
        .values(event_sequence=jobs.c.event_sequence + len(events), **values)
        .returning(*_COLUMNS, jobs.c.event_sequence)
    )
    row = connection.execute(statement).mappings().one()
    job = _to_record(row)
    add_events(connection, job.id, job.kind, row["event_sequence"], events, utc_now())
    return job


def lock_job(connection: Connection, job_id: str) -> JobRecord | None:
    """Return a job that nobody else can change until this transaction ends, or None if there is none."""
    row = connection.execute(_LOCKED, {"wanted": job_id}).mappings().one_or_none()
    return None if row is None else _to_record(row)


def release_lease() -> dict[str, None]:
    """Return the columns of a job that nobody runs any more."""
    return dict.fromkeys(f"lease_{name}" for name in _LEASE_FIELDS)


def find_job_id(connection: Connection, given: str) -> str:
    """Return the id that is meant by an id or by 6 or more digits that one id alone begins with.

    Raises:
        NotFoundError: if there is none, or more than one.
    """
    known = connection.execute(select(jobs.c.id).where(jobs.c.id == given)).scalar_one_or_none()
    if known is not None:
        return str(known)
    found: list[str] = []
    if _PREFIX.fullmatch(given):
        # A range that an index serves, in every collation.
        low, high = given.ljust(_ID_LENGTH, "0"), given.ljust(_ID_LENGTH, "f")
        query = select(jobs.c.id).where(jobs.c.id.between(low, high)).order_by(jobs.c.id).limit(_SHOWN + 1)
        found = list(connection.execute(query).scalars())
    if not found:
        raise NotFoundError(
            f"there is no job {given!r}", hint="'persopt jobs list' shows all; the first 6 digits of an id are enough"
        )
    if len(found) > 1:
        shown = ", ".join(found[:_SHOWN]) + (" and more" if len(found) > _SHOWN else "")
        raise NotFoundError(f"several jobs begin with {given!r}: {shown}", hint="give more digits")
    return found[0]


def get_job(connection: Connection, job_id: str) -> JobRecord:
    """Return a job by its id or a beginning of it, see `find_job_id`."""
    row = connection.execute(_BY_ID, {"wanted": job_id}).mappings().one_or_none()
    if row is None:
        row = connection.execute(_BY_ID, {"wanted": find_job_id(connection, job_id)}).mappings().one()
    return _to_record(row)


def list_jobs(
    connection: Connection,
    kind: JobKind | None,
    states: Sequence[JobState],
    limit: int,
    offset: int,
    after: tuple[datetime, str] | None = None,
) -> list[JobRecord]:
    """Return jobs, the newest first; `after` goes on after the job of that creation time and id."""
    query = choose_jobs(select(*_COLUMNS), kind, states, after).limit(limit).offset(offset)
    return [_to_record(row) for row in connection.execute(query).mappings()]


def choose_jobs(
    query: Select[Any], kind: JobKind | None, states: Sequence[JobState], after: tuple[datetime, str] | None
) -> Select[Any]:
    """Return a query of jobs narrowed down, the newest first."""
    query = _filter(query, kind, states).order_by(*_NEWEST_FIRST)
    if after is not None:
        created, job_id = after
        same = and_(jobs.c.created_at == created, jobs.c.id < job_id)
        # The first condition alone lets an index serve it; the second is exact.
        query = query.where(jobs.c.created_at <= created, or_(jobs.c.created_at < created, same))
    return query


def count_jobs(connection: Connection, kind: JobKind | None, states: Sequence[JobState]) -> int:
    """Return how many jobs `list_jobs` would give without a limit."""
    return int(connection.execute(_filter(select(func.count()).select_from(jobs), kind, states)).scalar_one())


def next_queued(connection: Connection) -> JobRecord | None:
    """Return the queued job that has waited longest; another may claim it at any moment."""
    query = select(*_COLUMNS).where(jobs.c.state == "queued").order_by(*_OLDEST_FIRST).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _to_record(row)


def _filter(query: Select[Any], kind: JobKind | None, states: Sequence[JobState]) -> Select[Any]:
    if kind is not None:
        query = query.where(jobs.c.kind == kind)
    return query.where(jobs.c.state.in_(states)) if states else query


def _to_row(job: JobRecord) -> dict[str, Any]:
    row = msgspec.structs.asdict(job)
    del row["lease"]
    return row


def _to_record(row: RowMapping) -> JobRecord:
    fields = dict(row)
    fields.pop("event_sequence", None)
    lease = {name: fields.pop(f"lease_{name}") for name in _LEASE_FIELDS}
    return JobRecord(lease=Lease(**lease) if lease["token"] is not None else None, **fields)
