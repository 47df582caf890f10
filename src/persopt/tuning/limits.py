"""The budgets of a study: its time, its trials' time, the value at which it is content."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

from persopt.domain.errors import Fault
from persopt.domain.objectives import Constraint, Objective
from persopt.domain.trials import TrialRecord
from persopt.tuning.ranking import feasible_trials
from persopt.tuning.trial_stopper import TrialStopper
from persopt.tuning.verdicts import LiveTrial

__all__ = ("Target", "TimeLimits")


class Target:
    """Knows whether a trial has reached the value that is enough.

    Args:
        objective: The first objective.
        value: The value, or None: nothing is enough.
        constraints: What a trial has to keep for its value to count.

    Attributes:
        fault: Why trials are stopped; None while no trial has reached it.
    """

    def __init__(self, objective: Objective, value: float | None, constraints: Sequence[Constraint] = ()) -> None:
        self._objective = objective
        self._value = value
        self._constraints = constraints
        self.fault: Fault | None = None

    @property
    def is_reached(self) -> bool:
        """Whether a trial has reached it."""
        return self.fault is not None

    def add(self, trial: TrialRecord) -> None:
        """Take a trial that has ended; only one that came to its own end counts."""
        if self._value is None or self.is_reached or not feasible_trials([trial], self._constraints):
            return
        if not self._objective.is_better(self._value, trial.values[0]):
            self.fault = Fault(
                message=f"stopped: trial {trial.number} reached the target, {self._objective.metric} {self._value:g}",
                path="$.targetValue",
                code="target",
            )


class TimeLimits:
    """Knows how much time is left, and stops what is over its time.

    Args:
        stopper: Asks trials to end.
        clock: A clock in seconds that never goes back.
        study_limit: Seconds that the study may run, or None.
        trial_limit: Seconds that an attempt of a trial may run in a worker, or None.
    """

    def __init__(
        self,
        stopper: TrialStopper,
        clock: Callable[[], float],
        *,
        study_limit: float | None,
        trial_limit: float | None,
    ) -> None:
        self._stopper = stopper
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
            elif heard_all:
                self._stopper.check(trial)

    def deadlines(self, running: Iterable[LiveTrial]) -> Iterator[float]:
        """Give the times, by the clock, at which `enforce` will have something to do."""
        if not self.time_is_up:
            yield self._begin + self._study_limit
        for trial in running:
            if trial.stop_fault is not None:
                yield from self._stopper.deadlines(trial)
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
        self._stopper.stop(trial, fault, keep_checkpoint=keep_checkpoint)
