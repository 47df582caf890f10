"""The pulse of a job's process: renews the lease, notices a cancellation, and ends the group if it lingers."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Final

from persopt.domain.errors import LeaseLostError
from persopt.kernel.store import JobWriter

__all__ = ("EXIT_LEASE_LOST", "Heartbeat")

EXIT_LEASE_LOST: Final = 75
_INTERVAL_SECONDS: Final = 0.5
_LINGER_SECONDS: Final = 3.0

_logger = logging.getLogger(__name__)


class Heartbeat:
    """A thread that beats twice a second until it is stopped.

    Args:
        writer: Renews the lease and tells whether a cancellation is wanted.
        active_before: Seconds that earlier processes have run the job.
        force_cancel: Marks the job cancelled in the store, for when the main thread does not end by itself.

    Attributes:
        cancelled: Set once a cancellation was seen.
    """

    def __init__(self, writer: JobWriter, active_before: float, force_cancel: Callable[[], object]) -> None:
        self.cancelled = threading.Event()
        self._writer = writer
        self._active_before = active_before
        self._force_cancel = force_cancel
        self._started = time.monotonic()
        self._hint = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    @property
    def active_seconds(self) -> float:
        """Time that the job has run, earlier processes included."""
        return self._active_before + time.monotonic() - self._started

    def start(self) -> None:
        """Begin to beat; SIGTERM makes it beat at once."""
        signal.signal(signal.SIGTERM, lambda *_: self._hint.set())
        self._thread.start()

    def stop(self) -> None:
        """End the beat, before the job's last transaction."""
        self._stopped = True
        # The handler runs in this thread: in the middle of the next line it would wait for this thread's own lock.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._hint.set()
        self._thread.join()

    def _run(self) -> None:
        cancelled_at: float | None = None
        while not self._stopped:
            try:
                if self._writer.renew(self.active_seconds) and cancelled_at is None:
                    cancelled_at = time.monotonic()
                    self.cancelled.set()
                if cancelled_at is not None and time.monotonic() - cancelled_at > _LINGER_SECONDS:
                    self._force_cancel()
                    os.killpg(0, signal.SIGKILL)
            except LeaseLostError:
                # Another process owns the job now: this one must not write or train any further.
                _logger.exception("the lease is lost")
                os._exit(EXIT_LEASE_LOST)
            except Exception:
                # The database may be away for a moment; the lease outlasts several beats.
                _logger.exception("the lease could not be renewed")
            self._hint.wait(_INTERVAL_SECONDS)
            self._hint.clear()
