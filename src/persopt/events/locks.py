"""Locks on files: between processes, and gone with the last process that holds the descriptor."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from persopt.domain.errors import BusError

__all__ = ("hold_lock", "try_lock")

_LOOK_SECONDS: Final = 0.01


def try_lock(path: Path) -> int | None:
    """Return a descriptor that holds the lock, or None if somebody else does.

    The lock lasts until every copy of the descriptor is closed, also those that other processes inherited.

    Raises:
        OSError: if the file cannot be made or opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def hold_lock(path: Path, stop: threading.Event, timeout: float) -> Iterator[None]:
    """Hold the lock; wait for it for at most `timeout` seconds, and no longer than until `stop` is set.

    Raises:
        BusError: if it could not be had.
        OSError: if the file cannot be made or opened.
    """
    deadline = time.monotonic() + timeout
    while (descriptor := try_lock(path)) is None:
        if time.monotonic() > deadline or stop.wait(_LOOK_SECONDS):
            raise BusError(
                f"another process has held {path} for more than {timeout:g} s",
                hint="see which one, and end it if it hangs",
            )
    try:
        yield
    finally:
        os.close(descriptor)
