"""Leases: making one for a process, and ending what holds one."""

from __future__ import annotations

import os
import secrets
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from persopt.domain.jobs import Lease
from persopt.kernel.processes import host_name, is_process_alive, process_start

__all__ = ("hint_process", "is_dead_here", "is_expired", "make_lease")


def make_lease(pid: int, seconds: float) -> Lease:
    """Return a lease for a process of this machine, with a token that nobody can guess."""
    return Lease(
        token=secrets.token_hex(16),
        host=host_name(),
        pid=pid,
        process_started=process_start(pid),
        expires_at=datetime.now(UTC) + timedelta(seconds=seconds),
    )


def is_dead_here(lease: Lease) -> bool:
    """Return whether the lease's process ran on this machine and is gone, so that nobody need wait for the expiry."""
    return lease.host == host_name() and not is_process_alive(lease)


def is_expired(lease: Lease) -> bool:
    """Return whether the lease's process, wherever it runs, has been silent for so long that the job is given up."""
    return lease.expires_at < datetime.now(UTC)


def hint_process(lease: Lease) -> None:
    """Wake a job's process on this machine, so that it looks into the store now."""
    if lease.host == host_name() and is_process_alive(lease):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(lease.pid, signal.SIGTERM)
