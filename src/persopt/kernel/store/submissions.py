"""Requests that a client may send twice and means once: each has a key, and makes at most one job."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, insert, select

from persopt.domain.errors import ConflictError
from persopt.domain.jobs import JobRecord
from persopt.kernel.store.jobs import get_job, insert_job
from persopt.kernel.store.schema import submissions

__all__ = ("Submission", "find_submission", "insert_once")


class Submission(Struct, frozen=True, kw_only=True):
    """A request for a job.

    Attributes:
        key: The client's own name for it.
        fingerprint: A hash of what it asked for.
    """

    key: str
    fingerprint: str


def find_submission(connection: Connection, submission: Submission) -> JobRecord | None:
    """Return the job that a request has made before, as it is now; None if it has made none.

    Raises:
        ConflictError: if another request had the same key.
    """
    query = select(submissions.c.fingerprint, submissions.c.job_id).where(submissions.c.key == submission.key)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    if row[0] != submission.fingerprint:
        raise ConflictError(
            f"the idempotency key {submission.key!r} was used for another request, which made job {row[1]}",
            hint="give each request a key of its own",
        )
    return get_job(connection, row[1])


def insert_once(connection: Connection, job: JobRecord, submission: Submission) -> JobRecord:
    """Insert a queued job and the request that made it; IntegrityError if the key is taken, and then neither."""
    made = insert_job(connection, job)
    connection.execute(
        insert(submissions).inline(),
        {"key": submission.key, "fingerprint": submission.fingerprint, "job_id": job.id},
    )
    return made
