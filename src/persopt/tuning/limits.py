"""Time limits of a study and of its trials, kept by asking the pool to stop trials."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Final

from persopt.domain.errors import Fault, PersoptError
from persopt.plugins.contracts.execution import TrialPool
from persopt.tuning.verdicts import LiveTrial

__all__ = ("TimeLimits",)

_STOP_GRACE_SECONDS: Final = 5.0
_MOMENT_SECONDS: Final = 0.05


class TimeLimits:
    """Knows how much time is left, and stops what is over its time.

    Args:
        pool: Where trials run.
        guard: Makes the context manager inside which the pool's code runs.
        clock: A clock in seconds that never goes back.
        study_limit: Seconds that the study may run, or None.
        trial_limit: Seconds that an attempt of a trial may run in a worker, or None.
    """

    def __init__(
        self,
        pool: TrialPool,
        guard: Callable[[], AbstractContextManager[object]],
        clock: Callable[[], float],
        *,
        study_limit: float | None,
        trial_limit: float | None,
    ) -> None:
        self._pool = pool
        self._guard = guard
        self._clock = clock
        self._study_limit = math.inf if study_limit is None else study_limit
        self._trial_limit = math.inf if trial_limit is None else trial_limit
        self._begin = clock()
        self.cut_short = False

    @property
    def active_seconds(self) -> float:
        """How long the study has run, earlier runs included."""
        return self._clock() - self._begin

    @property
    def time_is_up(self) -> bool:
        """Whether the study has used up its time."""
        return self.active_seconds >= self._study_limit

    @property
    def study_fault(self) -> Fault:
        """Why a trial was stopped when the study's time was up."""
        message = f"stopped at the study's time limit of {self._study_limit:g} s"
        return Fault(message=message, path="$.timeLimit", code="time-limit")

    def begin(self, earlier_seconds: float) -> None:
        """Start to count, with the time that earlier runs of the study took."""
        self._begin = self._clock() - earlier_seconds

    def enforce(self, running: Iterable[LiveTrial], *, keep_checkpoint: bool, heard_all: bool) -> None:
        """Ask every trial to stop whose time is up; `cut_short` is set when it is the study's.

        Args:
            running: The trials that run.
            keep_checkpoint: Whether the model of a stopped trial is wanted.
            heard_all: Whether no message of the pool waits. While one does, a trial that seems to go on may have
                ended long ago: the study was busy, or its process was paused.

        Raises:
            PersoptError: if a trial goes on long after it was asked to stop.
        """
        for trial in running:
            if trial.stop_fault is None:
                self._enforce(trial, keep_checkpoint)
            elif heard_all and self._clock() >= trial.stop_time + _STOP_GRACE_SECONDS:
                number, seconds = trial.record.number, _STOP_GRACE_SECONDS
                raise PersoptError(f"the executor did not end trial {number} within {seconds:g} s of being asked to")

    def deadlines(self, running: Iterable[LiveTrial]) -> Iterator[float]:
        """Give the times, by the clock, at which `enforce` will have something to do."""
        if not self.time_is_up:
            yield self._begin + self._study_limit
        for trial in running:
            if trial.stop_fault is not None:
                # Once that is past, a moment in which nothing is heard.
                yield max(trial.stop_time + _STOP_GRACE_SECONDS, self._clock() + _MOMENT_SECONDS)
            else:
                yield trial.started + self._trial_limit

    def _enforce(self, trial: LiveTrial, keep_checkpoint: bool) -> None:
        if self.time_is_up:
            self.cut_short = True
            fault = self.study_fault
        elif self._clock() >= trial.started + self._trial_limit:
            message = f"stopped at the trial's time limit of {self._trial_limit:g} s"
            fault = Fault(message=message, path="$.trialTimeLimit", code="time-limit")
        else:
            return
        trial.stop_fault, trial.stop_time = fault, self._clock()
        with self._guard():
            self._pool.stop(trial.record.number, keep_checkpoint=keep_checkpoint)
