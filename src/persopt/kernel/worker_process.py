"""One worker as its pool sees it: a process, a channel, the trial that it runs."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from persopt.domain.programs import Program
from persopt.kernel.messages import Channel, FromWorker, Prepare, Run, Stop, decode_message
from persopt.kernel.processes import spawn_module
from persopt.plugins.contracts.execution import TrialRequest

__all__ = ("WorkerProcess",)

_TAIL_BYTES = 2000
_EXIT_SECONDS = 5.0


class WorkerProcess:
    """A started worker.

    Attributes:
        index: Its place in the pool; decides its GPU and log file.
        ready: Whether it has told that it is warm.
        trial: The trial that it runs.
        started_at: Monotonic time when the trial began.
        kill_at: Monotonic time when it is ended by force because its trial was asked to stop.
        last_metrics: Newest values that the trial reported.
        end: Descriptor that can be read once the process has ended; None where the system has none.
    """

    def __init__(self, index: int, log: Path, environment: Mapping[str, str], program: Program) -> None:
        self.index = index
        self.ready = False
        self.trial: TrialRequest | None = None
        self.started_at: float | None = None
        self.kill_at: float | None = None
        self.last_metrics: dict[str, float] = {}
        self._log = log
        ours, theirs = socket.socketpair()
        try:
            self._process = spawn_module(
                "persopt.kernel.worker_main",
                str(theirs.fileno()),
                log=log,
                environment=environment,
                pass_fds=(theirs.fileno(),),
            )
        finally:
            theirs.close()
        self.channel = Channel(ours)
        # A process that the trial forked keeps the socket open when its worker dies, so its end is watched too.
        self.end = _open_end(self._process.pid)
        self._send(Prepare(program))

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def run(self, request: TrialRequest) -> None:
        """Hand over a trial; a worker that is not ready yet runs it as soon as it is."""
        self.trial = request
        self._send(Run(request))

    def stop(self, number: int, *, keep_checkpoint: bool) -> None:
        """Ask the trial to end."""
        self._send(Stop(number=number, keep_checkpoint=keep_checkpoint))

    def receive(self) -> list[FromWorker] | None:
        """Return the messages that have come, or None when the worker is gone and all that it sent was returned."""
        if self._process.poll() is not None:
            self.channel.socket.setblocking(False)  # what it sent is there, and nothing more will come
        frames = self.channel.receive()
        return None if frames is None else [decode_message(frame) for frame in frames]

    def forget_trial(self) -> None:
        """Become idle."""
        self.trial = None
        self.started_at = None
        self.kill_at = None
        self.last_metrics = {}

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def close(self) -> int | None:
        """Close the channel (a living worker then ends by itself), reap the process, return its exit status."""
        self.channel.close()
        if self.end is not None:
            os.close(self.end)
            self.end = None
        with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the system; it is orphaned
            return self._process.wait(_EXIT_SECONDS)
        return None

    def tail(self) -> str:
        """Return the last line that the process printed, for an error message."""
        with contextlib.suppress(OSError):
            text = self._log.read_bytes()[-_TAIL_BYTES:].decode("utf-8", "replace").strip()
            return text.splitlines()[-1] if text else "nothing"
        return "nothing"

    def _send(self, message: Prepare | Run | Stop) -> None:
        # A worker that has died is noticed where its channel is read, with its exit status.
        with contextlib.suppress(OSError):
            self.channel.send(message)


def _open_end(pid: int) -> int | None:
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):  # some sandboxes do not know it
            return os.pidfd_open(pid)
    return None
