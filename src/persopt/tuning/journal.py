"""Where a study writes down what happens: a store behind a job, or memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.domain.events import (
    EventData,
    JobProgressed,
    TrialFailed,
    TrialReported,
    TrialStarted,
    TrialStopped,
    TrialSucceeded,
)
from persopt.domain.jobs import Progress
from persopt.domain.trials import Report, TrialRecord

__all__ = ("MemoryJournal", "StudyHistory", "TrialJournal")


class StudyHistory(Struct, frozen=True, kw_only=True):
    """What is known of a study when it is taken up again; empty for a new one.

    Attributes:
        trials: Its trials, of any state.
        reports: What its trials reported, of the last attempt of each.
        study_attributes: What the sampler kept with the study.
        active_seconds: How long it has run already; counts against its time limit.
    """

    trials: list[TrialRecord] = []
    reports: list[Report] = []
    study_attributes: dict[str, Any] = {}
    active_seconds: float = 0.0


class TrialJournal(Protocol):
    """Keeps what a study tells it, each call whole or not at all, in the order of the calls.

    Every method may raise; the study then ends with that exception.
    """

    def start_trial(self, trial: TrialRecord, study_attributes: dict[str, Any] | None) -> None:
        """Keep that an attempt of a trial begins; reports of an earlier attempt no longer count."""
        ...

    def save_reports(self, reports: Sequence[Report], progress: Progress) -> None:
        """Keep reports of running trials, and how far the study is."""
        ...

    def finish_trial(
        self,
        trial: TrialRecord,
        progress: Progress,
        *,
        will_retry: bool = False,
        study_attributes: dict[str, Any] | None = None,
    ) -> None:
        """Keep how an attempt of a trial ended."""
        ...

    def is_cancelled(self) -> bool:
        """Return whether somebody wants the study to end; asked every few tenths of a second, so be quick."""
        ...

    def set_checkpoint(self, number: int, checkpoint: str | None) -> None:
        """Keep where a trial's model lies now, or that it was deleted."""
        ...


class MemoryJournal:
    """Keeps everything in memory.

    Args:
        on_event: Called, in the study's thread, with each thing that happens, in order.
        on_progress: Called, in the study's thread, whenever the study is further.
    """

    def __init__(
        self,
        on_event: Callable[[EventData], None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.trials: dict[int, TrialRecord] = {}
        self.reports: list[Report] = []
        self.study_attributes: dict[str, Any] = {}
        self.progress = Progress()
        self._on_event = on_event
        self._on_progress = on_progress
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Ask the study to end; safe from any thread."""
        self._cancelled.set()

    def history(self, active_seconds: float = 0.0) -> StudyHistory:
        """Return what a resumed study would be given."""
        return StudyHistory(
            trials=[self.trials[number] for number in sorted(self.trials)],
            reports=list(self.reports),
            study_attributes=dict(self.study_attributes),
            active_seconds=active_seconds,
        )

    def start_trial(self, trial: TrialRecord, study_attributes: dict[str, Any] | None) -> None:
        """See `TrialJournal`."""
        self.trials[trial.number] = trial
        self.reports = [report for report in self.reports if report.number != trial.number]
        self.study_attributes = self.study_attributes if study_attributes is None else study_attributes
        self._tell(TrialStarted(number=trial.number, attempt=trial.attempt, params=trial.params))

    def save_reports(self, reports: Sequence[Report], progress: Progress) -> None:
        """See `TrialJournal`."""
        self.reports += reports
        for report in reports:
            self._tell(TrialReported(number=report.number, step=report.step, metrics=report.metrics))
        self._move(progress)

    def finish_trial(
        self,
        trial: TrialRecord,
        progress: Progress,
        *,
        will_retry: bool = False,
        study_attributes: dict[str, Any] | None = None,
    ) -> None:
        """See `TrialJournal`."""
        pending = msgspec.structs.replace(trial, state="running", attempt=trial.attempt + 1)
        self.trials[trial.number] = pending if will_retry else trial
        self.study_attributes = self.study_attributes if study_attributes is None else study_attributes
        self._tell(_ending(trial, will_retry))
        self._move(progress)

    def is_cancelled(self) -> bool:
        """See `TrialJournal`."""
        return self._cancelled.is_set()

    def set_checkpoint(self, number: int, checkpoint: str | None) -> None:
        """See `TrialJournal`."""
        self.trials[number] = msgspec.structs.replace(self.trials[number], checkpoint=checkpoint)

    def _move(self, progress: Progress) -> None:
        self.progress = progress
        self._tell(JobProgressed(progress=progress))
        if self._on_progress is not None:
            self._on_progress(progress)

    def _tell(self, event: EventData) -> None:
        if self._on_event is not None:
            self._on_event(event)


def _ending(trial: TrialRecord, will_retry: bool) -> EventData:
    if trial.state == "succeeded":
        return TrialSucceeded(number=trial.number, values=trial.values, metrics=trial.metrics, seconds=trial.seconds)
    if trial.state == "stopped":
        reason = trial.fault.message if trial.fault is not None else "stopped"
        return TrialStopped(number=trial.number, reason=reason, values=trial.values)
    fault = trial.fault or Fault(message="failed without a reason", code="error")
    return TrialFailed(number=trial.number, attempt=trial.attempt, fault=fault, will_retry=will_retry)
