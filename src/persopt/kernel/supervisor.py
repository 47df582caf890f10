"""The supervisor: hands queued jobs to processes of their own and picks up those whose process died.

Several supervisors may work on one store; leases keep them apart. When a supervisor dies its jobs go on, and
the next one only looks after them.
"""

from __future__ import annotations

import contextlib
import logging
import subprocess
import threading
import time
from typing import Final, Self

import msgspec

from persopt.domain.jobs import JobRecord, Lease
from persopt.kernel.faults import describe_exit
from persopt.kernel.job_folder import JobFolder
from persopt.kernel.job_main import Order
from persopt.kernel.leases import make_lease
from persopt.kernel.processes import kill_group, spawn_module
from persopt.kernel.recovery import end_lingering, recover_dead
from persopt.kernel.store import Store
from persopt.settings import Settings

__all__ = ("Supervisor",)

_INTERVAL_SECONDS: Final = 0.2
_RECOVERY_SECONDS: Final = 1.0
_CANCEL_SECONDS: Final = 4.0
_EXIT_SECONDS: Final = 5.0

_logger = logging.getLogger(__name__)


class Supervisor:
    """Runs jobs in the background of this process.

    Args:
        store: Where the jobs are.
        settings: Handed on to the jobs' processes.
        capacity: Jobs that run at the same time.
        only: Run this job alone (a command that waits for its own job).
    """

    def __init__(self, store: Store, settings: Settings, *, capacity: int = 1, only: str | None = None) -> None:
        self._store = store
        self._settings = settings
        self._capacity = capacity
        self._only = only
        self._running: dict[str, tuple[subprocess.Popen[bytes], Lease]] = {}
        self._cancel_seen: dict[str, float] = {}
        self._wake = threading.Event()
        self._stopping = False
        self._trouble = ""
        self._recovered_at = 0.0
        self._thread = threading.Thread(target=self._loop, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        """Begin to supervise."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop supervising; running jobs go on by themselves, those that have ended are seen off."""
        self._stopping = True
        self.wake()
        self._thread.join()
        for job_id, (process, lease) in self._running.items():
            if self._store.get_job(job_id).is_finished:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_EXIT_SECONDS)
                    kill_group(lease)  # processes that a killed trial left

    def wake(self) -> None:
        """Look into the store now; a hint, never needed."""
        self._wake.set()

    def _loop(self) -> None:
        while not self._stopping:
            try:
                self._reap()
                self._enforce_cancel()
                if time.monotonic() - self._recovered_at >= _RECOVERY_SECONDS:
                    recover_dead(self._store, self._settings.max_crashes)
                    self._recovered_at = time.monotonic()
                self._fill()
                self._trouble = ""
            except Exception as error:  # noqa: BLE001 - told below; nothing may end the supervision unseen
                self._tell_trouble(error)
            self._wake.wait(_INTERVAL_SECONDS)
            self._wake.clear()

    def _tell_trouble(self, error: Exception) -> None:
        """Log what keeps the store or the jobs' folders from being used, once as long as it lasts."""
        reason = str(getattr(error, "orig", None) or error)
        if reason != self._trouble:
            self._trouble = reason
            _logger.error("the jobs cannot be looked after: %s; trying again until they can", reason, exc_info=error)

    def _reap(self) -> None:
        for job_id, (process, lease) in list(self._running.items()):
            returncode = process.poll()
            if returncode is None:
                continue
            del self._running[job_id]
            kill_group(lease)  # workers that outlived their job, and processes that a killed trial left
            job = self._store.get_job(job_id)
            if job.lease is not None and job.lease.token == lease.token:
                _logger.warning("the process of job %s ended with status %s", job_id, returncode)
                fault = describe_exit("the job's process", returncode)
                self._store.release_crashed(job_id, lease.token, self._settings.max_crashes, fault)

    def _enforce_cancel(self) -> None:
        wanted = [job for job in self._store.list_jobs(states=("running",), limit=1000) if job.cancel_requested]
        now = time.monotonic()
        self._cancel_seen = {job.id: self._cancel_seen.get(job.id, now) for job in wanted}
        for job in wanted:
            if now - self._cancel_seen[job.id] >= _CANCEL_SECONDS:
                end_lingering(self._store, job)

    def _fill(self) -> None:
        while not self._stopping and len(self._running) < self._capacity:
            job = self._next()
            if job is None or not self._start(job):
                return

    def _next(self) -> JobRecord | None:
        if self._only is not None:
            job = self._store.get_job(self._only)
            return job if job.state == "queued" else None
        return self._store.next_queued()

    def _start(self, job: JobRecord) -> bool:
        """Start a process, lease the job in its name, and only then tell it to go.

        Returns whether another job may be looked for.
        """
        if job.id in self._running:
            return False  # its last process has lost the lease and is about to end
        folder = JobFolder(self._settings.jobs, job.id)
        folder.create(job.spec)
        process = spawn_module(
            "persopt.kernel.job_main", log=folder.process_log, new_session=True, stdin=subprocess.PIPE
        )
        if process.stdin is None:
            raise RuntimeError("the process has no standard input")
        lease = make_lease(process.pid, self._settings.lease_seconds)
        self._running[job.id] = (process, lease)  # seen off from now on, whatever comes
        claimed = None
        # A process that has died already takes no order; the next look at it sees that.
        with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
            claimed = self._store.claim_job(lease, job_id=job.id)
            if claimed is not None:
                order = Order(job_id=job.id, token=lease.token, settings=self._settings)
                stdin.write(msgspec.json.encode(order) + b"\n")
        if claimed is None:
            process.wait()  # without an order it ends by itself
            del self._running[job.id]
        return claimed is not None
