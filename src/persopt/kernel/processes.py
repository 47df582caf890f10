"""Starting and ending the processes of persopt: jobs in their own group, workers below them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import psutil

from persopt.domain.jobs import Lease

__all__ = (
    "divide_threads",
    "host_name",
    "is_process_alive",
    "kill_group",
    "list_gpus",
    "process_start",
    "spawn_module",
    "worker_environment",
)

_START_TOLERANCE = 1.0


def host_name() -> str:
    """Return the name by which a lease says on which machine its process runs."""
    return socket.gethostname()


def process_start(pid: int) -> float:
    """Return when a process started (seconds since the epoch), 0.0 if there is none: with it a pid is unmistakable."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0


def is_process_alive(lease: Lease) -> bool:
    """Return whether the process of a lease of this machine still runs (a zombie does not)."""
    try:
        process = psutil.Process(lease.pid)
        same = abs(process.create_time() - lease.process_started) < _START_TOLERANCE
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_group(lease: Lease) -> None:
    """End at once every process of a job's group, also when its leader is gone already."""
    started = process_start(lease.pid)
    if started and abs(started - lease.process_started) >= _START_TOLERANCE:
        return  # the number belongs to somebody else by now
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(lease.pid, signal.SIGKILL)


def spawn_module(
    module: str,
    *arguments: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
    pass_fds: tuple[int, ...] = (),
    new_session: bool = False,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start `python -m module`, its output appended to a log file.

    The current folder is not put on the module search path, so that a stray file there shadows nothing.
    """
    with log.open("ab") as output:
        return _spawn(
            [sys.executable, "-P", "-m", module, *arguments], output, environment, pass_fds, new_session, stdin
        )


def _spawn(
    command: list[str],
    output: BinaryIO,
    environment: Mapping[str, str] | None,
    pass_fds: tuple[int, ...],
    new_session: bool,
    stdin: int,
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=None if environment is None else {**os.environ, **environment},
        pass_fds=pass_fds,
        start_new_session=new_session,
    )


def divide_threads(parallel: int) -> int:
    """Return how many CPU threads each of `parallel` trials gets, at least one."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, available // parallel)


def list_gpus() -> list[str]:
    """Return the GPUs that this process may use, as `CUDA_VISIBLE_DEVICES` names them, without loading CUDA."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name.strip() not in ("", "-1")]
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = [program, "--query-gpu=index", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    return answer.stdout.split() if answer.returncode == 0 else []


def worker_environment(index: int, threads: int, gpus: list[str]) -> dict[str, str]:
    """Return the variables of the worker with this index: its threads, its one GPU, no hub, no telemetry."""
    variables = {
        "OMP_NUM_THREADS": str(threads),
        # Threads that wait must not spin: beside any other load spinning made a training up to 15 times slower.
        "OMP_WAIT_POLICY": "PASSIVE",
        "MKL_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "PYTHONUNBUFFERED": "1",
    }
    if gpus:
        variables["CUDA_VISIBLE_DEVICES"] = gpus[index % len(gpus)]
    return variables
