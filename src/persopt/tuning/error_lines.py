"""Errors in the output of a program: Python tracebacks, and memory that ran out."""

from __future__ import annotations

import re
from typing import Final

from persopt.domain.errors import Fault

__all__ = ("ErrorFinder", "memory_fault", "tells_of_memory")

_RANK: Final = re.compile(r"\[rank\d+\]:\s?")
_TRACEBACK: Final = "Traceback (most recent call last)"
_BEGINNINGS: Final = (_TRACEBACK, "╭")
_INSIDE: Final = (" ", "\t", _TRACEBACK, "Exception Group Traceback", "╭", "│", "╰", "+", "|")
_ERROR_NAME: Final = re.compile(r"[A-Za-z_][\w.]*+")
_ERROR_WORDS: Final = ("Error", "Exception", "Interrupt", "Exit")
_OUT_OF_MEMORY: Final = (
    "out of memory",
    "outofmemoryerror",
    "cannot allocate memory",
    "memoryerror",
    "std::bad_alloc",
    "cublas_status_alloc_failed",
)
_LONGEST_MESSAGE: Final = 500


class ErrorFinder:
    """Reads lines one after the other and tells which belong to a traceback.

    It knows Python's own tracebacks, those of Rich, and the prefix that torchrun gives them (`[rank0]: `).
    """

    def __init__(self) -> None:
        self._inside = False

    def feed(self, line: str) -> tuple[bool, Fault | None]:
        """Return whether the line belongs to a traceback, and the fault that it completes."""
        if line.startswith("[rank"):
            line = _RANK.sub("", line, count=1)
        if not self._inside and not (_TRACEBACK in line and line.startswith(_BEGINNINGS)):
            return False, None
        self._inside = True
        name = line.partition(":")[0]
        is_error = _ERROR_NAME.fullmatch(name) is not None and any(word in name for word in _ERROR_WORDS)
        if not is_error and (not line or line.startswith(_INSIDE)):
            return True, None
        # Else an exception whose name says nothing of an error, or the end of a traceback that was only shown.
        self._inside = False
        return True, memory_fault(line) if tells_of_memory(line) else _fault(line, "exception")

    def close(self) -> Fault | None:
        """Return the fault of a traceback that the output broke off in."""
        if not self._inside:
            return None
        self._inside = False
        return Fault(message="the output ended inside a Python traceback", code="exception")


def tells_of_memory(line: str) -> bool:
    """Return whether a line says that memory ran out."""
    lower = line.lower()
    return any(words in lower for words in _OUT_OF_MEMORY)


def memory_fault(line: str) -> Fault:
    """Return the fault of a line that says that memory ran out."""
    return _fault(line, "out-of-memory", "a smaller batch size or a shorter maximum length needs less memory")


def _fault(line: str, code: str, hint: str = "") -> Fault:
    return Fault(message=line.strip()[:_LONGEST_MESSAGE], code=code, hint=hint)
