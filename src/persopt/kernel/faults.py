"""From an exception, or a process that died, to a fault in plain words."""

from __future__ import annotations

import errno
import signal

from persopt.domain.errors import Fault, PersoptError

__all__ = ("describe_exit", "fault_from_exception")


def fault_from_exception(error: BaseException) -> Fault:
    """Return what a person needs to know of an exception; `passing` where a second run may work."""
    if isinstance(error, PersoptError):
        first, *more = error.faults
        if not more:
            return first
        return Fault(
            message=str(error).replace("\n", "; "), code=first.code, passing=all(f.passing for f in error.faults)
        )
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return Fault(message=f"out of memory: {error}", code="out-of-memory", hint="use a smaller batch or model")
    if _is_disk_full(error):
        return Fault(message=f"the disk is full: {error}", code="disk-full", passing=True, hint="make room and resume")
    text = str(error).strip()
    return Fault(message=f"{type(error).__name__}: {text}" if text else type(error).__name__, code="error")


def _is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "database or disk is full" in str(error)  # SQLite's words, which SQLAlchemy wraps


def describe_exit(what: str, returncode: int | None) -> Fault:
    """Return the fault of a process that ended by itself; a killed one may work when it is run again."""
    if returncode is not None and returncode < 0:
        try:
            name = signal.Signals(-returncode).name
        except ValueError:
            name = f"signal {-returncode}"
        hint = "the system may have been out of memory" if name == "SIGKILL" else ""
        return Fault(message=f"{what} was ended by {name}", code="killed", passing=True, hint=hint)
    shown = "" if returncode is None else f" with exit status {returncode}"
    return Fault(message=f"{what} ended unexpectedly{shown}", code="died", passing=True)
