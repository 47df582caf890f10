"""What a test must not leave behind: processes, threads, environment variables, files in the project."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

MARKER = "PERSOPT_TEST_SESSION"
"""Environment variable that every descendant of this test session inherits, even when its parent has gone."""

_PATIENCE = 10.0
_SHARED_HELPERS = (
    "multiprocessing.resource_tracker",
    "multiprocessing.forkserver",
)  # one a process, for its life
_FOREIGN_VARIABLES = (
    "ACCELERATE_",  # accelerate tells itself its configuration this way
    "CUDA_MODULE_LOADING",  # torch, at import
    "KMP_",  # scikit-learn and torch's OpenMP, at import
    "PYTEST_CURRENT_TEST",  # pytest, at each phase
    "PYTORCH_",  # torch, while it looks for devices
    "TORCHINDUCTOR_",  # torch, at import
    "_TORCHINDUCTOR_",  # torch, when it compiles
)
_TOOL_FILES = (
    ".coverage",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "__pycache__",
)


@dataclass(frozen=True)
class Snapshot:
    """The state of the world before a test."""

    pids: frozenset[int]
    threads: frozenset[threading.Thread]
    environment: Mapping[str, str]
    project_entries: frozenset[str]


def take_snapshot(project: Path) -> Snapshot:
    """Note what exists now; `project` is the repository's root."""
    return Snapshot(frozenset(psutil.pids()), frozenset(threading.enumerate()), _variables(), _list_entries(project))


def find_leaks(before: Snapshot, project: Path) -> list[str]:
    """Return a sentence for each thing that is left, and clear away what can be cleared.

    Processes and threads that are about to end get some seconds to do so; the processes that then remain are
    killed and the environment is restored, so that one leak does not fail the tests after it.
    """
    return [
        *_end_processes(before),
        *_join_threads(before),
        *_restore_environment(before),
        *(
            f"the new file or folder {name!r} in the project"
            for name in sorted(_list_entries(project) - before.project_entries)
        ),
    ]


def _end_processes(before: Snapshot) -> list[str]:
    left = [process for process in _list_descendants(before.pids) if not _is_shared_helper(process)]
    _, alive = psutil.wait_procs(left, timeout=_PATIENCE)
    leaks = [f"the process {process.pid} ({_describe(process)})" for process in alive]
    for process in alive:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(alive, timeout=_PATIENCE)
    return leaks


def _list_descendants(old: frozenset[int]) -> list[psutil.Process]:
    found = {process.pid: process for process in psutil.Process().children(recursive=True)}
    for pid in set(psutil.pids()) - old - found.keys():
        try:
            process = psutil.Process(pid)
            if process.environ().get(MARKER) == os.environ[MARKER]:
                found[pid] = process
        except psutil.Error:
            continue  # it has ended, or belongs to somebody else
    return [process for pid, process in found.items() if pid not in old]


def _is_shared_helper(process: psutil.Process) -> bool:
    return any(helper in _describe(process) for helper in _SHARED_HELPERS)


def _describe(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()) or process.name()
    except psutil.Error:
        return "ended"


def _join_threads(before: Snapshot) -> list[str]:
    left = [thread for thread in threading.enumerate() if not thread.daemon and thread not in before.threads]
    for thread in left:
        thread.join(_PATIENCE)
    return [f"the thread {thread.name!r}" for thread in left if thread.is_alive()]


def _restore_environment(before: Snapshot) -> list[str]:
    now = _variables()
    changed = sorted(
        name for name in now.keys() | before.environment.keys() if now.get(name) != before.environment.get(name)
    )
    for name in changed:
        if name in before.environment:
            os.environ[name] = before.environment[name]
        else:
            del os.environ[name]
    return [f"the changed environment variable {name!r}" for name in changed]


def _variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN_VARIABLES)}


def _list_entries(project: Path) -> frozenset[str]:
    return frozenset(path.name for path in project.iterdir() if not path.name.startswith(_TOOL_FILES))
