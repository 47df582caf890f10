"""Asking trials to end, and seeing that they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final

from persopt.domain.errors import Fault, PersoptError
from persopt.plugins.contracts.execution import TrialPool
from persopt.tuning.verdicts import LiveTrial

__all__ = ("TrialStopper",)

_STOP_GRACE_SECONDS: Final = 5.0
_MOMENT_SECONDS: Final = 0.05


class TrialStopper:
    """Asks each trial at most once.

    Args:
        pool: Where trials run.
        guard: Makes the context manager inside which the pool's code runs.
        clock: A clock in seconds that never goes back.
        save_seconds: How long the pool gives a trial to save its model; 0 where there is none.
    """

    def __init__(
        self,
        pool: TrialPool,
        guard: Callable[[], AbstractContextManager[object]],
        clock: Callable[[], float],
        save_seconds: float = 0.0,
    ) -> None:
        self._pool = pool
        self._guard = guard
        self._clock = clock
        self._save_seconds = save_seconds

    def stop(self, trial: LiveTrial, fault: Fault, *, keep_checkpoint: bool) -> None:
        """Ask a trial to end, unless it was asked already.

        Args:
            trial: The trial.
            fault: Why.
            keep_checkpoint: Whether its model is wanted.
        """
        if trial.stop_fault is not None:
            return
        trial.stop_fault = fault
        grace = _STOP_GRACE_SECONDS + (self._save_seconds if keep_checkpoint else 0.0)
        trial.stop_grace = grace
        trial.stop_deadline = self._clock() + grace
        with self._guard():
            self._pool.stop(trial.record.number, keep_checkpoint=keep_checkpoint)

    def check(self, trial: LiveTrial) -> None:
        """Make sure that a trial which was asked to end does not go on for long.

        Raises:
            PersoptError: if it does.
        """
        if trial.stop_fault is not None and self._clock() >= trial.stop_deadline:
            number, seconds = trial.record.number, trial.stop_grace
            raise PersoptError(f"the executor did not end trial {number} within {seconds:g} s of being asked to")

    def deadlines(self, trial: LiveTrial) -> Iterator[float]:
        """Give the time, by the clock, at which `check` will have something to say."""
        if trial.stop_fault is not None:
            # Once that is past, a moment in which nothing is heard.
            yield max(trial.stop_deadline, self._clock() + _MOMENT_SECONDS)
