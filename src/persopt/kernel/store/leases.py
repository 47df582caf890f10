"""Who runs a job: claiming it, and what becomes of it when its process is gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from persopt.domain.errors import ConflictError, Fault
from persopt.domain.events import EventData, JobCancelled, JobFailed, JobQueued, JobStarted
from persopt.domain.jobs import JobRecord, Lease
from persopt.kernel.store.jobs import change_job, find_job_id, lock_job, release_lease, utc_now
from persopt.kernel.store.schema import jobs
from persopt.kernel.store.trials import end_running_trials

__all__ = (
    "claim_job",
    "force_cancel",
    "list_expired",
    "release_crashed",
    "release_expired",
    "request_cancel",
    "resume_job",
)


def claim_job(connection: Connection, lease: Lease, job_id: str | None) -> JobRecord | None:
    """Lease a queued job, by default the one that has waited longest; None if there is none to be had."""
    query = select(jobs.c.id).where(jobs.c.state == "queued")
    if job_id is None:
        query = query.order_by(jobs.c.created_at, jobs.c.id).limit(1).with_for_update(skip_locked=True)
    else:
        query = query.where(jobs.c.id == job_id).with_for_update()
    found = connection.execute(query).scalar_one_or_none()
    job = None if found is None else lock_job(connection, found)
    if job is None:
        return None
    held = {f"lease_{name}": value for name, value in msgspec.structs.asdict(lease).items()}
    started = [JobStarted(resumes=job.resumes)]
    return change_job(connection, job.id, started, state="running", started_at=job.started_at or utc_now(), **held)


def request_cancel(connection: Connection, job_id: str) -> JobRecord:
    """Cancel a queued job at once, or ask a running one to end.

    Raises:
        NotFoundError: if there is no such job.
        ConflictError: if it has ended.
    """
    job = _lock_given(connection, job_id)
    if job.state == "queued":
        return _end_cancelled(connection, job, cancel_requested=True)
    if job.state == "running":
        return change_job(connection, job.id, [], cancel_requested=True)
    raise ConflictError(f"job {job.id} has already ended: it is {job.state}")


def resume_job(connection: Connection, job_id: str) -> JobRecord:
    """Queue a failed or cancelled job again.

    Raises:
        NotFoundError: if there is no such job.
        ConflictError: if it is queued, running or has succeeded.
    """
    job = _lock_given(connection, job_id)
    if job.state not in ("failed", "cancelled"):
        raise ConflictError(f"job {job.id} is {job.state}; only a failed or cancelled job can be resumed")
    return _queue_again(connection, job, crashes=0, cancel_requested=False, fault=None, finished_at=None)


def release_crashed(
    connection: Connection, job_id: str, token: str, max_crashes: int, fault: Fault
) -> JobRecord | None:
    """Take a job away from a process that has died; None if it does not hold the job any more."""
    job = lock_job(connection, job_id)
    return _release(connection, job, max_crashes, fault) if job is not None and _is_held(job, token) else None


def list_expired(connection: Connection, now: datetime) -> Sequence[str]:
    """Return the ids of running jobs whose lease has expired."""
    query = select(jobs.c.id).where(jobs.c.state == "running", jobs.c.lease_expires_at < now)
    return connection.execute(query.order_by(jobs.c.created_at, jobs.c.id)).scalars().all()


def release_expired(connection: Connection, job_id: str, max_crashes: int, now: datetime) -> JobRecord | None:
    """Take a job away from a process that is silent; None if it has spoken in the meantime."""
    job = lock_job(connection, job_id)
    if job is None or job.state != "running" or job.lease is None or job.lease.expires_at >= now:
        return None
    fault = Fault(
        message=f"process {job.lease.pid} on {job.lease.host}, which ran the job, fell silent until its lease expired",
        code="killed",
        hint="see whether that machine still runs",
        passing=True,
    )
    return _release(connection, job, max_crashes, fault)


def force_cancel(connection: Connection, job_id: str, token: str) -> JobRecord | None:
    """Mark a job cancelled whose processes were killed; None if the token does not hold it any more."""
    job = lock_job(connection, job_id)
    return _end_cancelled(connection, job) if job is not None and _is_held(job, token) else None


def _lock_given(connection: Connection, job_id: str) -> JobRecord:
    job = lock_job(connection, find_job_id(connection, job_id))
    if job is None:
        raise AssertionError  # jobs are never deleted
    return job


def _is_held(job: JobRecord, token: str) -> bool:
    return job.state == "running" and job.lease is not None and job.lease.token == token


def _release(connection: Connection, job: JobRecord, max_crashes: int, fault: Fault) -> JobRecord:
    """Cancel, fail or queue again; in the last case the running trials stay as they are, to be run again."""
    crashes = job.crashes + 1
    if job.cancel_requested:
        return _end_cancelled(connection, job, crashes=crashes)
    if crashes < max_crashes:
        return _queue_again(connection, job, crashes=crashes, **release_lease())
    now = utc_now()
    events: list[EventData] = [*end_running_trials(connection, job.id, fault, now), JobFailed(fault=fault)]
    return change_job(
        connection, job.id, events, state="failed", fault=fault, finished_at=now, crashes=crashes, **release_lease()
    )


def _queue_again(connection: Connection, job: JobRecord, **values: Any) -> JobRecord:
    queued = JobQueued(name=job.spec.name, resumes=job.resumes + 1)
    return change_job(connection, job.id, [queued], state="queued", resumes=job.resumes + 1, **values)


def _end_cancelled(connection: Connection, job: JobRecord, **values: Any) -> JobRecord:
    now = utc_now()
    events = [*end_running_trials(connection, job.id, None, now), JobCancelled(progress=job.progress)]
    return change_job(connection, job.id, events, state="cancelled", finished_at=now, **values, **release_lease())
