"""The fresh process of `persopt.measure.memory`: reads a request, answers with what it took.

Run as `python -m persopt.measure.memory_probe`, the request as JSON on standard input. Whatever the libraries print
goes to standard error; standard output holds the answer alone.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import resource
import sys
import time
from pathlib import Path
from typing import Final

import msgspec
import psutil

from persopt.domain.measurements import MemoryUse
from persopt.measure.memory import ProbeFailure, ProbeRequest, describe_failure

__all__ = ("main", "run_probe")

_KIBIBYTE: Final = 1024
_STATUS: Final = Path("/proc/self/status")


def run_probe(request: ProbeRequest) -> MemoryUse:
    """Import, open, call; return the memory of this process."""
    sys.path[:0] = request.path
    module, _, name = request.opener.partition(":")
    for library in request.libraries:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    opener = getattr(importlib.import_module(module), name)
    base = psutil.Process().memory_info().rss
    started = time.perf_counter()
    with opener(**request.arguments) as call:
        call()
        seconds = time.perf_counter() - started
        for _ in range(request.calls - 1):
            call()
        peak = _read_peak()
    return MemoryUse(peak=max(peak, base), base=base, load_seconds=seconds)


def _read_peak() -> int:
    """Return the largest resident set of this process since it began, in bytes."""
    try:
        lines = _STATUS.read_text("utf-8").splitlines()
    except OSError:  # no Linux
        # Linux's own would hold the peak of the process that started this one.
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * _KIBIBYTE
    return next(int(line.split()[1]) * _KIBIBYTE for line in lines if line.startswith("VmHWM:"))


def main() -> int:
    """Answer the request on standard input; 0 if it could be measured, else 1."""
    answer = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    result: MemoryUse | ProbeFailure
    try:
        result = run_probe(msgspec.json.decode(sys.stdin.buffer.read(), type=ProbeRequest))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told in the other process
        result = ProbeFailure(reason=describe_failure(error))
    with os.fdopen(answer, "wb") as stream:
        stream.write(msgspec.json.encode(result))
    return 1 if isinstance(result, ProbeFailure) else 0


if __name__ == "__main__":
    sys.exit(main())
