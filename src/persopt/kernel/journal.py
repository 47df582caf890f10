"""A study's life, written into the store under the job's lease."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from persopt.domain.jobs import Progress
from persopt.domain.trials import Report, TrialRecord
from persopt.kernel.store import JobWriter

__all__ = ("StoreJournal",)


class StoreJournal:
    """Fulfils `persopt.tuning.journal.TrialJournal`: two transactions a trial, each fenced by the lease.

    Attributes:
        progress: The newest progress that was stored.
    """

    def __init__(self, writer: JobWriter, cancelled: threading.Event, progress: Progress) -> None:
        self._writer = writer
        self._cancelled = cancelled
        self.progress = progress

    def start_trial(self, trial: TrialRecord, study_attributes: Mapping[str, Any] | None = None) -> None:
        """Store a trial that is being handed to a worker."""
        self._writer.start_trial(trial, dict(study_attributes) if study_attributes is not None else None)

    def save_reports(self, reports: Sequence[Report], progress: Progress) -> None:
        """Store what running trials reported."""
        self.progress = progress
        self._writer.save_reports(reports, progress)

    def save_progress(self, progress: Progress) -> None:
        """Store how far a job without trials is."""
        self.save_reports([], progress)

    def finish_trial(
        self,
        trial: TrialRecord,
        progress: Progress,
        *,
        will_retry: bool = False,
        study_attributes: Mapping[str, Any] | None = None,
    ) -> None:
        """Store the end of an attempt."""
        self.progress = progress
        attributes = dict(study_attributes) if study_attributes is not None else None
        self._writer.finish_trial(trial, progress, will_retry=will_retry, study_attributes=attributes)

    def set_checkpoint(self, number: int, checkpoint: str | None) -> None:
        """Store where a trial's model is kept, or that it is not any more."""
        self._writer.set_checkpoint(number, checkpoint)

    def save_environment(self, environment: Mapping[str, Any]) -> None:
        """Store versions, hardware and hashes."""
        self._writer.save_environment(dict(environment))

    def is_cancelled(self) -> bool:
        """Return whether somebody wants the job cancelled; the heartbeat looks after the flag."""
        return self._cancelled.is_set()
