"""Why a command's trial failed, in plain words."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Final

import msgspec

from persopt.domain.errors import Fault
from persopt.domain.names import suggest

__all__ = ("describe_end", "no_metric_fault")

_FROM_OUTSIDE: Final = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SHELL_SIGNALS: Final = 128
_SHOWN_NAMES: Final = 30


def describe_end(kind: str, detail: str, found: Fault | None, last_lines: Sequence[str]) -> Fault | None:
    """Return the fault of a program's end, None if it ended well.

    Args:
        kind: `exit`, `signal`, `error` or `lost`, as `CommandProcess.outcome` gives it.
        detail: The status, the signal's number, or the reason.
        found: The last error in its output.
        last_lines: The last lines of its output.
    """
    if kind == "error":
        return Fault(message=f"the program cannot be started: {detail}", path="$.command", code="error")
    if kind == "lost":
        return Fault(message="the program's guardian was ended from outside", code="killed", passing=True)
    number = int(detail)
    if kind == "signal":
        return _signal_fault(number, f"the program was ended by {_signal_name(number)}", found, last_lines)
    return None if number == 0 else _status_fault(number, found, last_lines)


def no_metric_fault(missing: str, seen: Sequence[str], found: Fault | None, last_lines: Sequence[str]) -> Fault:
    """Return the fault of a program that ended well and never printed an objective."""
    if seen:
        more = f" and {len(seen) - _SHOWN_NAMES} more" if len(seen) > _SHOWN_NAMES else ""
        said = f"metrics seen: {', '.join(sorted(seen)[:_SHOWN_NAMES])}{more}{suggest(missing, seen)}"
        hint = "print it, or choose one of the metrics seen as the objective"
    else:
        said = "no line was understood as a metric"
        said += f"; the last line is {last_lines[-1]!r}" if last_lines else "; it printed nothing"
        hint = f"print a line such as {missing}=0.5, or name a parser that reads what the program prints"
    if found is not None:
        said += f"; an error in the output: {found.message}"
    return Fault(message=f"the objective {missing!r} is not in the output; {said}", code="no-metric", hint=hint)


def _status_fault(number: int, found: Fault | None, last_lines: Sequence[str]) -> Fault:
    if found is not None:
        return msgspec.structs.replace(found, message=f"{found.message} (exit status {number})")
    if number - _SHELL_SIGNALS in (signal.SIGKILL, signal.SIGTERM):
        name = _signal_name(number - _SHELL_SIGNALS)
        what = f"the program ended with exit status {number}, by which shells mean {name}"
        return _signal_fault(number - _SHELL_SIGNALS, what, found, last_lines)
    return Fault(message=f"the program ended with exit status {number}", code="exit-status", hint=_hint(last_lines))


def _signal_fault(number: int, what: str, found: Fault | None, last_lines: Sequence[str]) -> Fault:
    if found is not None and found.code == "out-of-memory":
        return msgspec.structs.replace(found, message=f"{found.message} ({what})")
    if number == signal.SIGKILL:
        hint = "the system may have been out of memory: its log tells (dmesg)"
        return Fault(message=what, code="killed", passing=True, hint=hint)
    if number in _FROM_OUTSIDE:
        return Fault(message=what, code="killed", passing=True)
    return Fault(message=what, code="crashed", hint=_hint(last_lines))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _hint(last_lines: Sequence[str]) -> str:
    return f"its last lines: {' | '.join(last_lines)}" if last_lines else "it printed nothing"
