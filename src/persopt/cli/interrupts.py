"""Ctrl-C while a command waits: counted, so that it never breaks in at an arbitrary place."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Final, Self

__all__ = ("Interrupts",)

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_PATIENCE: Final = 3


class Interrupts:
    """Counts SIGINT and SIGTERM while the block runs; the third breaks in as `KeyboardInterrupt`.

    Args:
        stop: Set at the first one.
    """

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.count = 0
        self._stop = stop
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Begin to count."""
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back to who had them."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.count += 1
        if self._stop is not None:
            # A handler must not take the event's lock itself: the code that it interrupts may hold it.
            threading.Thread(target=self._stop.set, daemon=True).start()
        if self.count >= _PATIENCE:
            raise KeyboardInterrupt
