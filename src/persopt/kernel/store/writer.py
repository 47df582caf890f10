"""What the process of a job writes: every method is one transaction, fenced by the job's lease."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, update

from persopt.domain.errors import Fault, LeaseLostError
from persopt.domain.events import (
    EventData,
    JobCancelled,
    JobFailed,
    JobProgressed,
    JobSucceeded,
    TrialReported,
    TrialStarted,
)
from persopt.domain.jobs import Progress
from persopt.domain.specs import TuneSpec
from persopt.domain.trials import Report, TrialRecord
from persopt.kernel.store.engine import Database
from persopt.kernel.store.jobs import change_job, lock_job, release_lease, utc_now
from persopt.kernel.store.outbox import add_events
from persopt.kernel.store.schema import jobs
from persopt.kernel.store.totals import measure_improvement
from persopt.kernel.store.trials import (
    delete_reports,
    describe_end,
    end_running_trials,
    put_reports,
    put_trial,
    set_checkpoint,
)

__all__ = ("JobWriter",)

_RENEW: Final = (
    update(jobs)
    .where(
        jobs.c.id == bindparam("held_job"),
        jobs.c.lease_token == bindparam("held_token"),
        jobs.c.state == "running",
    )
    .values(event_sequence=jobs.c.event_sequence + bindparam("events"))
    .returning(jobs.c.kind, jobs.c.event_sequence, jobs.c.cancel_requested)
)


class JobWriter:
    """Writes for one job as long as its lease holds; safe to use from several threads.

    Every method renews the lease, numbers its events after those before, and is done wholly or not at all. When
    the job has ended or belongs to another process it raises LeaseLostError and writes nothing.

    Args:
        database: Where.
        job_id: The job.
        token: Token of the lease.
        lease_seconds: For how long each write renews it.
    """

    def __init__(self, database: Database, job_id: str, token: str, lease_seconds: float) -> None:
        self._database = database
        self._job_id = job_id
        self._token = token
        self._lease_time = timedelta(seconds=lease_seconds)

    def renew(self, active_seconds: float) -> bool:
        """Renew the lease; return whether somebody wants the job cancelled."""
        return self._database.write(self._hold, active_seconds=active_seconds)

    def start_trial(self, trial: TrialRecord, study_attributes: dict[str, Any] | None = None) -> None:
        """Store that an attempt of a trial begins; reports of an earlier attempt are deleted."""
        self._database.write(self._start_trial, trial, study_attributes)

    def save_reports(self, reports: Sequence[Report], progress: Progress) -> None:
        """Store reports of trials that were started, and the progress."""
        self._database.write(self._save_reports, reports, progress)

    def finish_trial(
        self,
        trial: TrialRecord,
        progress: Progress,
        *,
        will_retry: bool = False,
        study_attributes: dict[str, Any] | None = None,
    ) -> None:
        """Store how an attempt ended; with `will_retry` the trial goes on as its next attempt.

        Raises:
            ValueError: if the trial's state is running.
        """
        self._database.write(self._finish_trial, trial, progress, will_retry, study_attributes)

    def save_environment(self, environment: dict[str, Any]) -> None:
        """Store versions, hardware and hashes."""
        self._database.write(self._hold, environment=environment)

    def set_checkpoint(self, number: int, checkpoint: str | None) -> None:
        """Store where a trial's model lies, or that it is gone; raise NotFoundError if there is no such trial."""
        self._database.write(self._set_checkpoint, number, checkpoint)

    def succeed(
        self, result: dict[str, Any], progress: Progress, best: TrialRecord | None, active_seconds: float
    ) -> None:
        """End the job with its result. A trial that is still running is marked cancelled."""
        self._database.write(self._succeed, result, progress, best, active_seconds)

    def fail(self, fault: Fault, active_seconds: float) -> None:
        """End the job without a result; running trials are marked failed with the same fault."""
        ending = JobFailed(fault=fault)
        self._database.write(self._end, ending, fault, state="failed", fault=fault, active_seconds=active_seconds)

    def cancel(self, progress: Progress, active_seconds: float) -> None:
        """End the job because somebody asked for it; running trials are marked cancelled."""
        ending = JobCancelled(progress=progress)
        self._database.write(
            self._end, ending, None, state="cancelled", progress=progress, active_seconds=active_seconds
        )

    def _hold(self, connection: Connection, /, events: Sequence[EventData] = (), **values: Any) -> bool:
        """Renew the lease and set columns in one statement, which also holds the row; then add the events."""
        now = utc_now()
        parameters = {
            "held_job": self._job_id,
            "held_token": self._token,
            "events": len(events),
            "lease_expires_at": now + self._lease_time,
            **values,
        }
        row = connection.execute(_RENEW, parameters).one_or_none()
        if row is None:
            raise LeaseLostError(f"job {self._job_id} has ended, or another process runs it now")
        add_events(connection, self._job_id, row.kind, row.event_sequence, events, now)
        return bool(row.cancel_requested)

    def _start_trial(self, connection: Connection, trial: TrialRecord, study_attributes: dict[str, Any] | None) -> None:
        started = TrialStarted(number=trial.number, attempt=trial.attempt, params=trial.params)
        self._hold(connection, [started], **_changed_attributes(study_attributes))
        put_trial(connection, self._job_id, trial)
        delete_reports(connection, self._job_id, trial.number)

    def _save_reports(self, connection: Connection, reports: Sequence[Report], progress: Progress) -> None:
        told = [TrialReported(number=one.number, step=one.step, metrics=one.metrics) for one in reports]
        self._hold(connection, [*told, JobProgressed(progress=progress)], progress=progress)
        put_reports(connection, self._job_id, reports)

    def _finish_trial(
        self,
        connection: Connection,
        trial: TrialRecord,
        progress: Progress,
        will_retry: bool,
        study_attributes: dict[str, Any] | None,
    ) -> None:
        ending = describe_end(trial, will_retry=will_retry)
        if will_retry:
            trial = msgspec.structs.replace(trial, state="running", attempt=trial.attempt + 1)
        self._hold(connection, [ending], progress=progress, crashes=0, **_changed_attributes(study_attributes))
        put_trial(connection, self._job_id, trial)

    def _set_checkpoint(self, connection: Connection, number: int, checkpoint: str | None) -> None:
        self._hold(connection)
        set_checkpoint(connection, self._job_id, number, checkpoint)

    def _succeed(
        self,
        connection: Connection,
        result: dict[str, Any],
        progress: Progress,
        best: TrialRecord | None,
        active_seconds: float,
    ) -> None:
        self._hold(connection)
        job = lock_job(connection, self._job_id)
        objectives = job.spec.objectives if job is not None and isinstance(job.spec, TuneSpec) else []
        ending = JobSucceeded(
            progress=progress,
            best_params=None if best is None else best.params,
            best_values=[] if best is None else best.values,
        )
        self._end(
            connection,
            ending,
            None,
            state="succeeded",
            result=result,
            progress=progress,
            improvement=measure_improvement(connection, self._job_id, objectives, best),
            active_seconds=active_seconds,
        )

    def _end(self, connection: Connection, /, ending: EventData, trial_fault: Fault | None, **values: Any) -> None:
        self._hold(connection)
        now = utc_now()
        events = [*end_running_trials(connection, self._job_id, trial_fault, now), ending]
        change_job(connection, self._job_id, events, finished_at=now, **values, **release_lease())


def _changed_attributes(study_attributes: dict[str, Any] | None) -> dict[str, Any]:
    return {} if study_attributes is None else {"study_attributes": study_attributes}
