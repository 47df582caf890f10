"""The controller: one loop that asks the study, runs trials in a pool, keeps limits, and writes the journal."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from persopt.domain.early_stopping import EarlyStopping
from persopt.domain.errors import Fault, JobCancelledError, PersoptError
from persopt.domain.jobs import Progress
from persopt.domain.objectives import Constraint, Objective
from persopt.domain.space import Space
from persopt.domain.trials import Report, TrialRecord
from persopt.plugins.contracts.execution import (
    Failed,
    Finished,
    Reported,
    Started,
    Stopped,
    TrialMessage,
    TrialPool,
    TrialRequest,
)
from persopt.tuning.checkpoint_keeper import CheckpointKeeper
from persopt.tuning.curves import Curves
from persopt.tuning.journal import StudyHistory, TrialJournal
from persopt.tuning.limits import Target, TimeLimits
from persopt.tuning.memory_floor import MemoryFloor
from persopt.tuning.report_buffer import ReportBuffer
from persopt.tuning.seeds import derive_seed
from persopt.tuning.stopping.checks import kept_models
from persopt.tuning.stopping.early_stopper import EarlyStopper, make_rule
from persopt.tuning.study import Study
from persopt.tuning.tally import Tally
from persopt.tuning.trial_stopper import TrialStopper
from persopt.tuning.verdicts import FATAL_CODES, LiveTrial, finite_metrics, judge_trial, no_value_error

__all__ = ("ControllerRequest", "StudyOutcome", "TrialController", "reopen_trials")

_CANCEL_POLL_SECONDS = 0.25
_PROGRAM_PATHS = ("$.function", "$.command")


class ControllerRequest(Struct, frozen=True, kw_only=True):
    """How the trials of a study are run.

    Attributes:
        objectives: What is searched for.
        folder: The job's folder; trials lie in `trials/0007` below it.
        seed: The study's seed, from which each trial's is derived.
        parallel: Trials that run at the same time.
        retries: How often a trial is run again that failed for a passing reason.
        time_limit: Seconds after which no trial runs any more, earlier runs of the study included.
        trial_time_limit: Seconds after which an attempt of a trial is stopped, counted from when it began in a worker.
        constraints: Limits that the best trial has to keep.
        target_value: Value of the first objective at which the study ends.
        early_stopping: The rule by which trials are stopped early.
        evaluations: Evaluations of a whole training; None for a function.
        save_seconds: How long the pool gives a trial that is stopped to save its model; 0 where there is none.
        space: The space of a training, to tell when it has no smaller batch; None for a function.
    """

    objectives: tuple[Objective, ...]
    folder: Path
    seed: int = 0
    parallel: int = 1
    retries: int = 1
    time_limit: float | None = None
    trial_time_limit: float | None = None
    constraints: tuple[Constraint, ...] = ()
    target_value: float | None = None
    early_stopping: EarlyStopping = EarlyStopping()
    evaluations: int | None = None
    save_seconds: float = 0.0
    space: Space | None = None


class StudyOutcome(Struct, frozen=True, kw_only=True):
    """How a study ended.

    Attributes:
        trials: Every trial, by number; at least one has values.
        curves: The evaluations that they reported, by trial and step.
        ended_by: `trials`, `exhausted`, `time-limit` or `target`.
        active_seconds: How long the study ran, earlier runs included.
    """

    trials: list[TrialRecord]
    curves: list[Report]
    ended_by: str
    active_seconds: float


def reopen_trials(trials: Sequence[TrialRecord], retries: int) -> list[TrialRecord]:
    """Return the records with those running again that an interruption ended before their time.

    A trial that was running or cancelled is run again as the same attempt; one that failed for a passing reason
    with attempts left, as the next.
    """
    reopened = []
    for trial in trials:
        if trial.state in ("running", "cancelled"):
            reopened.append(_as_running(trial, trial.attempt))
        elif _is_retried(trial, retries):
            reopened.append(_as_running(trial, trial.attempt + 1))
        else:
            reopened.append(trial)
    return reopened


class TrialController:
    """Runs a study to its end. Use it once, from one thread.

    Args:
        request: How.
        study: Where the points come from.
        pool: Where trials run.
        journal: Where everything is written down.
        guard: Makes the context manager inside which the pool's code runs.
        clock: A clock in seconds that never goes back.
    """

    def __init__(
        self,
        request: ControllerRequest,
        *,
        study: Study,
        pool: TrialPool,
        journal: TrialJournal,
        guard: Callable[[], AbstractContextManager[object]] = nullcontext,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._request = request
        self._study = study
        self._pool = pool
        self._journal = journal
        self._guard = guard
        self._clock = clock
        options = request.early_stopping
        self._kept_stopped = kept_models(options)
        self._keeper = CheckpointKeeper(
            request.folder, request.objectives, journal, request.constraints, stopped=self._kept_stopped
        )
        names = [objective.metric for objective in request.objectives]
        self._reports = ReportBuffer(self._save_reports, names, clock)
        self._trials: dict[int, TrialRecord] = {}
        self._running: dict[int, LiveTrial] = {}
        self._waiting: deque[TrialRecord] = deque()
        self._tally = Tally(request.objectives, request.constraints)
        self._curves = Curves(request.objectives)
        self._stopper = TrialStopper(pool, guard, clock, request.save_seconds)
        self._limits = TimeLimits(
            self._stopper, clock, study_limit=request.time_limit, trial_limit=request.trial_time_limit
        )
        self._target = Target(request.objectives[0], request.target_value, request.constraints)
        self._memory = MemoryFloor(request.space)
        self._early = EarlyStopper(
            make_rule(options, request.objectives, seed=request.seed, evaluations=request.evaluations),
            request.objectives,
            unit=options.resource or "step",
            evaluations=request.evaluations,
        )
        self._attributes: dict[str, Any] = {}
        self._next_poll = clock()

    def run(self, history: StudyHistory) -> StudyOutcome:
        """Run every trial that is left.

        Raises:
            JobCancelledError: within half a second of `journal.is_cancelled`; trials may still run in the pool,
                which is the caller's to close.
            PersoptError: at a fault that no other trial can survive, and when no trial gave a value.
        """
        self._take_up(history)
        while True:
            self._check_cancelled()
            self._fill()
            if not self._running:
                break
            with self._guard():
                message = self._pool.receive(self._wait_seconds())
            if message is not None:
                self._take(message)
            self._limits.enforce(
                self._running.values(), keep_checkpoint=not self._tally.has_success, heard_all=message is None
            )
            self._reports.flush_due()
        self._end_waiting()
        trials = [self._trials[number] for number in sorted(self._trials)]
        if self._tally.best is None:
            raise no_value_error(trials)
        return StudyOutcome(
            trials=trials,
            curves=self._curves.all(),
            ended_by=self._ended_by(),
            active_seconds=self._limits.active_seconds,
        )

    def _ended_by(self) -> str:
        if self._target.is_reached:
            return "target"
        return "time-limit" if self._limits.cut_short else self._study.ended_by or "exhausted"

    def _take_up(self, history: StudyHistory) -> None:
        reopened = reopen_trials(history.trials, self._request.retries)
        records = self._study.rebuild(self._keeper.restore(reopened), history.study_attributes)
        self._limits.begin(history.active_seconds)
        self._attributes = self._study.study_attributes()
        self._trials = {record.number: record for record in records}
        self._curves.restore(history.reports)
        self._waiting.extend(record for record in records if record.state == "running")
        for record in self._waiting:
            self._curves.begin(record.number)
        self._early.restore(records, self._curves.of)
        for record in records:
            if record.state != "running":
                self._tally.add(record)
                self._target.add(record)

    def _check_cancelled(self) -> None:
        if self._clock() < self._next_poll:
            return
        self._next_poll = self._clock() + _CANCEL_POLL_SECONDS
        if self._journal.is_cancelled():
            self._reports.flush()
            raise JobCancelledError(f"cancelled after {self._tally.done} trials")

    def _fill(self) -> None:
        while len(self._running) < self._request.parallel and not self._target.is_reached:
            if self._limits.time_is_up:
                self._limits.cut_short |= bool(self._waiting) or self._study.ended_by is None
                return
            record = self._waiting.popleft() if self._waiting else self._ask()
            if record is None:
                return
            self._start(record)

    def _ask(self) -> TrialRecord | None:
        suggestion = self._study.ask()
        if suggestion is None:
            return None
        return TrialRecord(
            number=suggestion.number, state="running", params=suggestion.params, attributes=suggestion.attributes
        )

    def _start(self, record: TrialRecord) -> None:
        record = msgspec.structs.replace(record, started_at=datetime.now(UTC))
        self._trials[record.number] = record
        self._curves.begin(record.number)
        self._early.begin(record.number)
        self._journal.start_trial(record, self._changed_attributes())
        self._running[record.number] = LiveTrial(record=record)
        request = TrialRequest(
            number=record.number,
            attempt=record.attempt,
            params=record.params,
            seed=derive_seed(self._request.seed, "training", record.number),
            folder=str(self._trial_folder(record.number)),
        )
        with self._guard():
            self._pool.submit(request)

    def _take(self, message: TrialMessage) -> None:
        if isinstance(message, Started):
            if message.number in self._running:
                self._running[message.number].started = self._clock()
            return
        if isinstance(message, Reported):
            self._take_report(message.report)
            return
        trial = self._running.pop(message.number, None)
        if trial is None:
            raise PersoptError(f"the executor told the end of trial {message.number}, which is not running")
        self._reports.end_trial(message.number)
        record = judge_trial(trial, message, self._request.objectives, self._request.constraints)
        if _is_retried(record, self._request.retries) and not (self._limits.time_is_up or self._target.is_reached):
            self._retry(record)
        else:
            self._finish(record, message)

    def _take_report(self, report: Report) -> None:
        trial = self._running.get(report.number)
        if trial is None:
            return
        metrics = finite_metrics(report.metrics)
        trial.metrics = {**trial.metrics, **report.metrics}
        trial.step = report.step
        trial.share = trial.share if report.share is None else report.share
        fault = self._early.judge(report) if trial.stop_fault is None else None
        if fault is not None:
            keep = self._kept_stopped > 0 or not self._tally.has_success
            self._stopper.stop(trial, fault, keep_checkpoint=keep)
        report = msgspec.structs.replace(report, metrics=metrics)
        self._curves.add(report)
        self._reports.add(report)

    def _retry(self, record: TrialRecord) -> None:
        record = msgspec.structs.replace(record, finished_at=datetime.now(UTC))
        self._journal.finish_trial(record, self._progress(), will_retry=True)
        self._waiting.append(_as_running(record, record.attempt + 1))

    def _finish(self, record: TrialRecord, message: Finished | Stopped | Failed | None) -> None:
        record = self._early.end(msgspec.structs.replace(record, finished_at=datetime.now(UTC)))
        record = self._study.tell(record)
        checkpoint = None if message is None or isinstance(message, Failed) else message.checkpoint
        record = self._keeper.judge(record, checkpoint, self._trial_folder(record.number))
        self._trials[record.number] = record
        self._tally.add(record)
        self._journal.finish_trial(record, self._progress(), study_attributes=self._changed_attributes())
        for beaten in self._keeper.keep(record):
            self._trials[beaten.number] = beaten
        fault = self._fatal_fault(record)
        if fault is not None:
            raise PersoptError(fault)
        self._target.add(record)
        if self._target.fault is not None:
            for trial in self._running.values():
                self._stopper.stop(trial, self._target.fault, keep_checkpoint=False)

    def _end_waiting(self) -> None:
        """End the trials that were to run again, but for which no time is left."""
        for record in self._waiting:
            fault = self._target.fault or self._limits.study_fault
            self._finish(msgspec.structs.replace(record, state="stopped", values=[], fault=fault), None)
        self._waiting.clear()

    def _fatal_fault(self, record: TrialRecord) -> Fault | None:
        """Return the study's fault if every other trial would fail as this one did."""
        fault = record.fault if record.state == "failed" else None
        has_value = self._tally.best is not None
        if fault is not None and (fault.code in FATAL_CODES or (fault.path in _PROGRAM_PATHS and not has_value)):
            return fault
        return self._memory.add(record, self._running, has_value=has_value)

    def _trial_folder(self, number: int) -> Path:
        return self._request.folder / "trials" / f"{number:04d}"

    def _wait_seconds(self) -> float:
        """Return the time until something is to be done without a message."""
        times = [self._next_poll, *self._limits.deadlines(self._running.values())]
        if self._reports.due is not None:
            times.append(self._reports.due)
        return max(0.0, min(times) - self._clock())

    def _changed_attributes(self) -> dict[str, Any] | None:
        attributes = self._study.study_attributes()
        if attributes == self._attributes:
            return None
        self._attributes = attributes
        return attributes

    def _save_reports(self, reports: Sequence[Report]) -> None:
        self._journal.save_reports(reports, self._progress())

    def _progress(self) -> Progress:
        return self._tally.progress(self._study.planned, self._running.values())


def _as_running(trial: TrialRecord, attempt: int) -> TrialRecord:
    return msgspec.structs.replace(
        trial,
        state="running",
        attempt=attempt,
        values=[],
        metrics={},
        fault=None,
        seconds=None,
        checkpoint=None,
        finished_at=None,
    )


def _is_retried(trial: TrialRecord, retries: int) -> bool:
    return trial.state == "failed" and trial.fault is not None and trial.fault.passing and trial.attempt <= retries
