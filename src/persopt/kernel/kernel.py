"""The kernel: everything that the faces can ask for, as plain synchronous calls on the store."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy.exc import IntegrityError

from persopt.domain.compare_reports import CompareReport
from persopt.domain.compress_reports import CompressReport
from persopt.domain.errors import Fault, InputError, NotFoundError, OutputError, PersoptError
from persopt.domain.ids import new_job_id
from persopt.domain.jobs import JobKind, JobRecord, JobState
from persopt.domain.metrics import Totals
from persopt.domain.reports import TuneReport
from persopt.domain.specs import JobSpec, TuneSpec, output_of
from persopt.domain.trials import Report, TrialRecord, TrialState
from persopt.kernel.handlers import JobHandler, TuneHandler, find_handler
from persopt.kernel.job_folder import JobFolder
from persopt.kernel.job_reports import assemble_report, read_report
from persopt.kernel.leases import hint_process
from persopt.kernel.recovery import reap_cancelled
from persopt.kernel.store import Store, Submission
from persopt.plugins.registry import Registry
from persopt.settings import Settings

__all__ = ("Kernel",)

_LOGGER = logging.getLogger("persopt.kernel")


class Kernel:
    """Creates, cancels, resumes and shows jobs. It runs none: a `Supervisor` does."""

    def __init__(self, store: Store, settings: Settings, registry: Registry) -> None:
        self.store = store
        self.settings = settings
        self.registry = registry

    def submit(self, spec: JobSpec, submission: Submission | None = None) -> JobRecord:
        """Check a spec and queue a job for it.

        Args:
            spec: What is asked for.
            submission: The request, if it may come twice and is meant once; the second time its job is returned.

        Raises:
            ConflictError: if another request had the key of this one.
            InputError: with every fault that can be known before anything runs; then no job exists.
            OutputError: if the job's folder cannot be written; no job exists either.
        """
        if submission is not None and (known := self.store.find_submission(submission)) is not None:
            return known
        resolved = self._resolve(spec)
        self._check_output_is_free(resolved)
        job = JobRecord(
            id=new_job_id(),
            kind=_kind(resolved),
            state="queued",
            spec=resolved,
            created_at=datetime.now(UTC),
        )
        folder = JobFolder(self.settings.jobs, job.id)
        try:
            folder.create(resolved)
            return self.store.create_job(job, submission)
        except BaseException as error:
            shutil.rmtree(folder.path, ignore_errors=True)
            if submission is not None and isinstance(error, IntegrityError):
                known = self.store.find_submission(submission)  # the same request came twice at once
                if known is not None:
                    return known
            if isinstance(error, OSError):
                raise OutputError(f"the job's folder {folder.path} cannot be written: {error.strerror}") from error
            raise

    def find_faults(self, spec: JobSpec) -> list[Fault]:
        """Return what is wrong with the meaning of a spec of which parts are malformed (`persopt.domain.partial`).

        What depends on a malformed part is left out.
        """
        try:
            self._check_output_is_free(self._resolve(spec))
        except PersoptError as error:
            return list(error.faults)
        except Exception as error:  # noqa: BLE001 - what a check does with a malformed part is nobody's promise
            _LOGGER.debug("a spec of which parts are malformed could not be looked at to its end: %r", error)
        return []

    def _resolve(self, spec: JobSpec) -> JobSpec:
        # The warm start of a tuning may name an earlier job.
        handler: JobHandler = TuneHandler(self.store) if isinstance(spec, TuneSpec) else find_handler(spec)
        return handler.resolve(spec, self.settings, self.registry)

    def _check_output_is_free(self, spec: JobSpec) -> None:
        """Refuse the output folder of a job that is queued or running: it is empty until that one ends."""
        path, output = output_of(spec)
        if output is None:
            return
        place = Path(output).resolve()
        for job in self.store.list_jobs(states=("queued", "running"), limit=1000):
            other = output_of(job.spec)[1]
            if other is not None and Path(other).resolve() == place:
                raise InputError(
                    f"{output} is in use: job {job.id}, which is {job.state}, puts its model there",
                    path=path,
                    hint="choose another folder",
                )

    def cancel(self, job_id: str) -> JobRecord:
        """Ask for a job to end: a queued one ends at once, a running one within five seconds.

        Raises:
            NotFoundError: if there is no such job.
            ConflictError: if it has ended already.
        """
        job = self.store.request_cancel(job_id)
        if job.lease is not None:
            hint_process(job.lease)
        return reap_cancelled(self.store, job)

    def resume(self, job_id: str) -> JobRecord:
        """Queue a failed or cancelled job again; what it has finished stays.

        Raises:
            NotFoundError: if there is no such job.
            ConflictError: if it is queued, running or has succeeded.
            InputError: if another job that is queued or running puts its model into the same folder.
        """
        job = self.store.get_job(job_id)
        if job.state in ("failed", "cancelled"):
            self._check_output_is_free(job.spec)
        return self.store.resume_job(job_id)

    def get(self, job_id: str) -> JobRecord:
        """Return a job by its id or an unmistakable beginning of it."""
        return self.store.get_job(job_id)

    def jobs(
        self, *, kind: JobKind | None = None, states: Sequence[JobState] = (), limit: int = 50, offset: int = 0
    ) -> list[JobRecord]:
        """Return jobs, the newest first."""
        return self.store.list_jobs(kind=kind, states=states, limit=limit, offset=offset)

    def trials(self, job_id: str, *, states: Sequence[TrialState] = ()) -> list[TrialRecord]:
        """Return the trials of a job by number."""
        return self.store.list_trials(job_id, states=states)

    def reports(self, job_id: str, number: int | None = None) -> list[Report]:
        """Return what the trials of a job reported from inside."""
        return self.store.list_reports(job_id, number)

    def report(self, job_id: str) -> TuneReport:
        """Return the whole report of a job, of one that has not succeeded with what is known so far.

        Raises:
            NotFoundError: if there is no such job.
            ConflictError: if it is no tuning.
        """
        job = self.get(job_id)
        return assemble_report(job, self.trials(job.id), self.reports(job.id))

    def page_report(self, job_id: str) -> TuneReport | CompareReport | CompressReport:
        """Return the whole report of a job whose kind has a page: of a tuning at any time, else once it has succeeded.

        Raises:
            NotFoundError: if there is no such job.
            ConflictError: if it is a job of another kind, or has no report yet.
        """
        job = self.get(job_id)
        if isinstance(job.spec, TuneSpec):
            return self.report(job.id)
        return read_report(job, self.folder(job.id).report)

    def folder(self, job_id: str) -> JobFolder:
        """Return the folder of a job."""
        return JobFolder(self.settings.jobs, job_id)

    def log(self, job_id: str, number: int | None = None) -> str:
        """Return a job's log (JSON lines), or the output of one of its trials.

        Raises:
            NotFoundError: if there is no such job, or the trial has no log.
        """
        folder = self.folder(self.get(job_id).id)
        path = folder.log if number is None else folder.trial(number) / "log.txt"
        try:
            return path.read_text("utf-8", errors="replace")
        except FileNotFoundError:
            if number is None:
                return ""
            raise NotFoundError(f"trial {number} of job {job_id} has no log") from None

    def totals(self) -> Totals:
        """Return the seven figures over all jobs."""
        return self.store.totals()


def _kind(spec: JobSpec) -> JobKind:
    kind: JobKind = msgspec.to_builtins(spec)["kind"]
    return kind
