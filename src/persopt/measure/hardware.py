"""What the processor can do that decides how fast a quantized model is, and threads that stay where they are."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ("list_cpu_features", "pinned_threads", "usable_cpus")

_CPUINFO: Final = Path("/proc/cpuinfo")
_TASKS: Final = Path("/proc/self/task")
_TOPOLOGY: Final = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
_FEATURES: Final = (
    *("sse4_2", "avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_tile", "amx_int8", "amx_bf16", "amx_fp16", "asimddp", "i8mm", "bf16", "sve", "sve2"),
)


def list_cpu_features(text: str | None = None) -> list[str]:
    """Return the instruction sets of the processor that matter to quantized models, by Linux's names.

    `avx512_vnni` and `avx_vnni` multiply 8-bit numbers, `amx_int8` tiles of them; `asimddp` and `i8mm` are Arm's.

    Args:
        text: What /proc/cpuinfo holds; by default that of this machine. Empty elsewhere than on Linux.
    """
    if text is None:
        try:
            text = _CPUINFO.read_text("utf-8", "replace")
        except OSError:
            return []
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            there = frozenset(value.split())
            return [feature for feature in _FEATURES if feature in there]
    return []


def usable_cpus() -> int:
    """Return the number of logical processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def pinned_threads(threads: int) -> Iterator[list[int]]:
    """Keep this process on as many logical processors as it has threads, and give their numbers; undo it at the end.

    Each is of a core of its own as long as there are such. It holds for all threads there are and those they start, so
    open what is to be measured inside. Where the system cannot (elsewhere than on Linux), or there are no more
    processors than threads, nothing is done and the list is that of all.
    """
    if platform.system() != "Linux":
        yield list(range(usable_cpus()))
        return
    allowed = os.sched_getaffinity(0)
    chosen = _choose_cpus(sorted(allowed), threads)
    _set_affinity(set(chosen))
    try:
        yield chosen
    finally:
        _set_affinity(set(allowed))


def _choose_cpus(allowed: list[int], threads: int) -> list[int]:
    """Return as many of the processors, those of cores of their own first."""
    cores: dict[str, list[int]] = {}
    for cpu in allowed:
        try:
            core = Path(_TOPOLOGY.format(cpu)).read_text("ascii").strip()
        except OSError:
            core = str(cpu)
        cores.setdefault(core, []).append(cpu)
    ranked = sorted((place, cpu) for core in cores.values() for place, cpu in enumerate(core))
    return sorted(cpu for _, cpu in ranked[: max(threads, 1)])


def _set_affinity(cpus: set[int]) -> None:
    for task in _TASKS.iterdir():
        try:
            os.sched_setaffinity(int(task.name), cpus)
        except (ProcessLookupError, PermissionError):  # a thread that has just ended, or a system's own
            continue
