"""The store's face: each method is one transaction on the database of a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from sqlalchemy import Connection

from persopt.domain.errors import Fault
from persopt.domain.jobs import JobKind, JobRecord, JobState, Lease
from persopt.domain.metrics import Totals
from persopt.domain.trials import Report, TrialRecord, TrialState
from persopt.kernel.store import job_rows, jobs, leases, outbox, submissions, totals, trials
from persopt.kernel.store.engine import Database
from persopt.kernel.store.job_rows import JobRow
from persopt.kernel.store.migrate import open_database
from persopt.kernel.store.outbox import OutboxRow
from persopt.kernel.store.submissions import Submission
from persopt.kernel.store.writer import JobWriter

__all__ = ("Store",)


class Store:
    """Everything that is remembered; safe to use from several threads, and from any number of processes.

    A change of a job's state and the events that tell of it are one transaction. Where a job's id is taken, its
    first 6 or more digits will do if no other id begins so; `claim_job`, the releases and `writer` want all.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._totals = totals.TotalsCache()

    @classmethod
    def open(cls, url: str) -> Self:
        """Open a database, made or brought to the newest version where needed.

        Args:
            url: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`.

        Raises:
            StoreError: if it cannot be reached, is no database of persopt's, or was made by a newer persopt.
        """
        return cls(open_database(url))

    def close(self) -> None:
        """Close the connections; a method called later opens new ones."""
        self._database.close()

    def __enter__(self) -> Self:
        """Return the store."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def version(self) -> int | None:
        """Return a number that is another one after each change, of whatever process; None on PostgreSQL."""
        return self._database.version()

    def create_job(self, job: JobRecord, submission: Submission | None = None) -> JobRecord:
        """Insert a queued job, with the request that made it if that has a key.

        Raises:
            sqlalchemy.exc.IntegrityError: if the key is taken; then there is no job either.
        """
        if submission is None:
            return self._database.write(jobs.insert_job, job)
        return self._database.write(submissions.insert_once, job, submission)

    def find_submission(self, submission: Submission) -> JobRecord | None:
        """Return the job that a request has made before, None if it has made none.

        Raises:
            ConflictError: if another request had the same key.
        """
        return self._database.read(submissions.find_submission, submission)

    def get_job(self, job_id: str) -> JobRecord:
        """Return a job; raise NotFoundError if there is none, or if several ids begin so."""
        return self._database.read(jobs.get_job, job_id)

    def list_jobs(
        self,
        *,
        kind: JobKind | None = None,
        states: Sequence[JobState] = (),
        limit: int = 50,
        offset: int = 0,
        after: tuple[datetime, str] | None = None,
    ) -> list[JobRecord]:
        """Return jobs, the newest first; no states means all, `after` goes on after a creation time and an id."""
        return self._database.read(jobs.list_jobs, kind, states, limit, offset, after)

    def list_job_rows(
        self,
        *,
        kind: JobKind | None = None,
        states: Sequence[JobState] = (),
        limit: int = 50,
        after: tuple[datetime, str] | None = None,
    ) -> list[JobRow]:
        """Return jobs as `list_jobs` does, with what is kept as JSON still in it."""
        return self._database.read(job_rows.list_job_rows, kind, states, limit, after)

    def count_jobs(self, kind: JobKind | None = None, states: Sequence[JobState] = ()) -> int:
        """Return how many jobs there are of these."""
        return self._database.read(jobs.count_jobs, kind, states)

    def next_queued(self) -> JobRecord | None:
        """Return the job that has been queued longest, without claiming it."""
        return self._database.read(jobs.next_queued)

    def claim_job(self, lease: Lease, *, job_id: str | None = None) -> JobRecord | None:
        """Make a queued job running under a lease: that job, or the oldest. Two claimers never get the same."""
        return self._database.write(leases.claim_job, lease, job_id)

    def request_cancel(self, job_id: str) -> JobRecord:
        """Cancel a queued job at once, ask a running one to end.

        Raises:
            NotFoundError: if there is no such job.
            ConflictError: if it has ended.
        """
        return self._database.write(leases.request_cancel, job_id)

    def resume_job(self, job_id: str) -> JobRecord:
        """Queue a failed or cancelled job again.

        Raises:
            NotFoundError: if there is no such job.
            ConflictError: if it is in another state.
        """
        return self._database.write(leases.resume_job, job_id)

    def release_crashed(self, job_id: str, token: str, max_crashes: int, fault: Fault) -> JobRecord | None:
        """Take a job from a process that has died: it is queued again, or after so many crashes failed.

        A job that somebody wants cancelled is cancelled. None if the token does not hold the job any more.
        """
        return self._database.write(leases.release_crashed, job_id, token, max_crashes, fault)

    def release_expired(self, max_crashes: int, now: datetime | None = None) -> list[JobRecord]:
        """Do the same for every running job whose lease has expired, each in a transaction of its own."""
        moment = now or jobs.utc_now()
        expired = self._database.read(leases.list_expired, moment)
        released = (self._database.write(leases.release_expired, job_id, max_crashes, moment) for job_id in expired)
        return [job for job in released if job is not None]

    def force_cancel(self, job_id: str, token: str) -> JobRecord | None:
        """Mark a job cancelled whose processes were killed; None if the token does not hold it any more."""
        return self._database.write(leases.force_cancel, job_id, token)

    def list_trials(
        self,
        job_id: str,
        *,
        states: Sequence[TrialState] = (),
        limit: int | None = None,
        offset: int = 0,
        after: int | None = None,
    ) -> list[TrialRecord]:
        """Return trials of a job by number, those above `after`; raise NotFoundError if there is no such job."""
        return self._database.read(_list_trials, job_id, states, limit, offset, after)

    def list_reports(self, job_id: str, number: int | None = None) -> list[Report]:
        """Return reports of a trial or of all trials, by trial and step; NotFoundError if there is no such job."""
        return self._database.read(_list_reports, job_id, number)

    def totals(self) -> Totals:
        """Return the seven figures over all tuning jobs."""
        return self._database.read(self._totals.compute)

    def writer(self, job_id: str, token: str, lease_seconds: float) -> JobWriter:
        """Return what the job's process writes with."""
        return JobWriter(self._database, job_id, token, lease_seconds)

    def pending_events(self, limit: int = 256) -> list[OutboxRow]:
        """Return the oldest events that are not published; those of one job come in their order."""
        return self._database.read(outbox.list_pending, limit)

    def mark_published(self, positions: Sequence[int]) -> None:
        """Delete published events; those already gone are no error."""
        self._database.write(outbox.remove_published, positions)

    def event_lag(self) -> int:
        """Return how many events are not published."""
        return self._database.read(outbox.count_pending)


def _list_trials(
    connection: Connection,
    job_id: str,
    states: Sequence[TrialState],
    limit: int | None,
    offset: int,
    after: int | None,
) -> list[TrialRecord]:
    return trials.list_trials(connection, jobs.find_job_id(connection, job_id), states, limit, offset, after)


def _list_reports(connection: Connection, job_id: str, number: int | None) -> list[Report]:
    return trials.list_reports(connection, jobs.find_job_id(connection, job_id), number)
