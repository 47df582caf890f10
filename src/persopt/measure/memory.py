"""Memory of a fresh process that loads a model and runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from persopt.domain.errors import ModelError, PersoptError
from persopt.domain.measurements import MemoryUse

__all__ = ("ProbeFailure", "ProbeRequest", "describe_failure", "measure_memory")

_LOOK_SECONDS: Final = 0.2
_LONGEST_REASON: Final = 300  # characters


class ProbeRequest(Struct, frozen=True, kw_only=True):
    """What a fresh process is to do.

    Attributes:
        opener: `package.module:function`; called with the arguments it gives a context manager of a call without
            arguments, which does its work and waits for its end.
        arguments: Of the opener; plain data.
        libraries: Modules imported before the base is read; those that are not installed are passed over.
        calls: How often to call.
        path: Folders put before `sys.path`.
    """

    opener: str
    arguments: dict[str, Any]
    libraries: list[str] = []
    calls: int = 3
    path: list[str] = []


class ProbeFailure(Struct, frozen=True, kw_only=True):
    """Why the process could not measure, in words."""

    reason: str


def measure_memory(
    opener: str,
    arguments: Mapping[str, Any],
    *,
    libraries: Sequence[str] = (),
    calls: int = 3,
    threads: int | None = None,
    path: Sequence[str] = (),
    on_wait: Callable[[], None] = lambda: None,
) -> MemoryUse:
    """Open something in a fresh process, call it some times, and return the memory it took.

    Args:
        opener: See `ProbeRequest`.
        arguments: Of the opener; plain data.
        libraries: Modules that are imported before the base is read, so that it holds them.
        calls: How often to call.
        threads: What `OMP_NUM_THREADS` is to be; None leaves it.
        path: Folders put before the fresh process's `sys.path`.
        on_wait: Called some times a second; may raise to end the work, and the process with it.

    Raises:
        ModelError: if it cannot be opened or called, with the reason.
    """
    request = ProbeRequest(
        opener=opener, arguments=dict(arguments), libraries=list(libraries), calls=calls, path=list(path)
    )
    environment = dict(os.environ) if threads is None else os.environ | {"OMP_NUM_THREADS": str(threads)}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "persopt.measure.memory_probe"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    try:
        output, complaints = _talk(process, msgspec.json.encode(request), on_wait)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()  # closes the pipes and takes the exit status
    return _read(output, complaints, process.returncode)


def _talk(process: subprocess.Popen[bytes], request: bytes, on_wait: Callable[[], None]) -> tuple[bytes, bytes]:
    given: bytes | None = request
    while True:
        on_wait()
        try:
            return process.communicate(given, timeout=_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            given = None  # it was written, or still is: communicate goes on where it was


def _read(output: bytes, complaints: bytes, status: int) -> MemoryUse:
    try:
        return msgspec.json.decode(output, type=MemoryUse)
    except msgspec.DecodeError:
        pass
    try:
        reason = msgspec.json.decode(output, type=ProbeFailure).reason
    except msgspec.DecodeError:
        lines = complaints.decode("utf-8", "replace").strip().splitlines()
        reason = f"its process ended with {status}" + (f": {lines[-1]}" if lines else "")
    raise ModelError(f"the memory cannot be measured: {reason[:_LONGEST_REASON]}")


def describe_failure(error: BaseException) -> str:
    """Return why something could not be measured: an expected error's own words, or the kind of another."""
    return str(error) if isinstance(error, PersoptError) else f"{type(error).__name__}: {error}"
