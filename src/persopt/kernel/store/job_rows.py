"""Jobs as they are shown: what the store keeps as JSON stays JSON, for nobody looks into it on its way out.

A list of 50 jobs is read several times as fast as its records are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Raw, Struct
from sqlalchemy import Connection, Text, select, type_coerce

from persopt.domain.jobs import JobKind, JobState
from persopt.kernel.store.columns import Encoded
from persopt.kernel.store.jobs import choose_jobs
from persopt.kernel.store.schema import jobs

__all__ = ("JobRow", "list_job_rows")


class JobRow(Struct, frozen=True, rename="camel"):
    """A job of a list, in the order of the columns; see `JobRecord` for what the fields mean."""

    id: str
    kind: JobKind
    state: JobState
    spec: Raw
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: Raw
    fault: Raw | None
    result: Raw | None
    environment: Raw
    resumes: int
    crashes: int
    cancel_requested: bool
    active_seconds: float


_SELECT: Final = select(
    *(
        type_coerce(column, Text) if isinstance(column.type, Encoded) else column
        for column in (jobs.c[name] for name in JobRow.__struct_fields__)
    )
)


def list_job_rows(
    connection: Connection,
    kind: JobKind | None,
    states: Sequence[JobState],
    limit: int,
    after: tuple[datetime, str] | None,
) -> list[JobRow]:
    """Return jobs as `list_jobs` does."""
    query = choose_jobs(_SELECT, kind, states, after).limit(limit)
    return [_to_row(*row) for row in connection.execute(query)]


def _to_row(job_id: str, kind: JobKind, state: JobState, spec: str, *rest: Any) -> JobRow:
    created, started, finished, progress, fault, result, environment, *last = rest
    return JobRow(
        job_id,
        kind,
        state,
        Raw(spec),
        created,
        started,
        finished,
        Raw(progress),
        None if fault is None else Raw(fault),
        None if result is None else Raw(result),
        Raw(environment),
        *last,
    )
