"""How far a run is, and whether it is still wanted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from persopt.domain.errors import JobCancelledError
from persopt.domain.jobs import Progress

__all__ = ("Ticker", "await_left_calls")

T = TypeVar("T")

_TELL_SECONDS: Final = 0.5
_LOOK_SECONDS: Final = 0.2
_CALL: Final = "persopt-stage"


class Ticker:
    """Counts what is done, tells of it now and then, and ends the work when it is cancelled.

    Args:
        tell: Told how far it is, at most twice a second.
        is_cancelled: Asked before every unit of work.
    """

    def __init__(self, tell: Callable[[Progress], None], is_cancelled: Callable[[], bool]) -> None:
        self.message = ""
        self._total = 1
        self._done = 0
        self._tell = tell
        self._is_cancelled = is_cancelled
        self._told = time.monotonic()

    def expect(self, units: int) -> None:
        """Count on so many units of work more."""
        self._total += units

    def count(self) -> None:
        """Count a unit without a look, from any thread: whoever watches it looks."""
        self._done += 1

    def tick(self) -> None:
        """Begin the next unit; raise JobCancelledError if it is not wanted any more."""
        self.look()
        self.count()

    def look(self) -> None:
        """Raise JobCancelledError if the work is not wanted any more; tell how far it is if it is time to."""
        if self._is_cancelled():
            raise JobCancelledError("the job was cancelled")
        now = time.monotonic()
        if now - self._told >= _TELL_SECONDS:
            self._told = now
            self._show(self._done)

    def watch(self, call: Callable[[], T]) -> T:
        """Return what a call returns that cannot look by itself; it runs in a thread.

        When the work is cancelled, the call is left to itself and what it gives is thrown away.
        """
        results: list[T] = []
        errors: list[BaseException] = []

        def work() -> None:
            try:
                results.append(call())
            except BaseException as error:  # noqa: BLE001 - handed on to the thread that waits
                errors.append(error)

        thread = threading.Thread(target=work, daemon=True, name=_CALL)
        thread.start()
        while thread.is_alive():
            self.look()
            thread.join(_LOOK_SECONDS)
        if errors:
            raise errors[0]
        return results[0]

    def finish(self) -> None:
        """Tell that all is done."""
        if self._is_cancelled():
            raise JobCancelledError("the job was cancelled")
        self.message = "done"
        self._show(self._total)

    def _show(self, done: int) -> None:
        done = min(done, self._total)
        self._tell(Progress(done=done, total=self._total, share=done / self._total, message=self.message))


def await_left_calls(seconds: float, look: Callable[[], None]) -> None:
    """Wait for calls that `watch` left to themselves: an engine that one of them is in may not bear another call.

    Args:
        seconds: At most so long, for all together.
        look: Called often; may raise to end the waiting.
    """
    end = time.monotonic() + seconds
    for thread in [one for one in threading.enumerate() if one.name == _CALL]:
        while thread.is_alive() and time.monotonic() < end:
            look()
            thread.join(_LOOK_SECONDS)
