"""What a running trial holds: where it reports to, and whether it should end."""

from __future__ import annotations

import threading
from collections.abc import Callable

from persopt.domain.trials import Report
from persopt.kernel.messages import Channel
from persopt.plugins.contracts.execution import Reported, TrialEndedEarly, TrialRequest

__all__ = ("TrialEndedEarly", "TrialHandle")


class TrialHandle:
    """The worker's end of a trial; fulfils `persopt.plugins.FunctionTrial` and the trainer's handle.

    Attributes:
        last_metrics: The newest value of every metric reported so far.
        keep_checkpoint: Whether a stopped trial should save its model.
    """

    def __init__(self, request: TrialRequest, channel: Channel) -> None:
        self._request = request
        self._channel = channel
        self._stop = False
        self._stop_callback: Callable[[], None] | None = None
        self._stopping = threading.Lock()
        self.keep_checkpoint = False
        self.last_metrics: dict[str, float] = {}

    @property
    def number(self) -> int:
        """Number of the trial."""
        return self._request.number

    @property
    def attempt(self) -> int:
        """1 for the first run."""
        return self._request.attempt

    @property
    def seed(self) -> int:
        """Seed of everything random in the trial."""
        return self._request.seed

    @property
    def folder(self) -> str:
        """The trial's own folder."""
        return self._request.folder

    def request_stop(self, *, keep_checkpoint: bool) -> None:
        """Ask the trial to end; called from the listening thread."""
        self.keep_checkpoint = keep_checkpoint
        with self._stopping:
            self._stop = True
            if self._stop_callback is not None:
                self._stop_callback()

    def on_stop(self, callback: Callable[[], None] | None) -> None:
        """Have `callback` called when the trial is asked to end, at once if it was; None takes it back."""
        with self._stopping:
            self._stop_callback = callback
            if self._stop and callback is not None:
                callback()

    def should_stop(self) -> bool:
        """Return whether the trial was asked to end."""
        return self._stop

    def report(self, step: int, share: float | None = None, **metrics: float) -> None:
        """Send metrics to the pool.

        Raises:
            TrialEndedEarly: if the trial was asked to end.
        """
        self.send_report(step, metrics, share)
        if self._stop:
            raise TrialEndedEarly

    def send_report(self, step: int, metrics: dict[str, float], share: float | None = None) -> None:
        """Send metrics without ending, for a program that looks at `should_stop` itself."""
        self.last_metrics.update(metrics)
        report = Report(number=self.number, step=step, metrics=metrics, share=share)
        self._channel.send(Reported(report))
