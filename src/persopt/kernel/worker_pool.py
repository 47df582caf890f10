"""A pool of warm workers behind one blocking `receive`."""

from __future__ import annotations

import selectors
import time
from collections import deque
from pathlib import Path
from typing import Final, Self

from persopt.domain.errors import Fault, PersoptError
from persopt.domain.programs import TrainingProgram
from persopt.kernel.faults import describe_exit
from persopt.kernel.messages import Channel, FromWorker, Ready
from persopt.kernel.processes import divide_threads, list_gpus, worker_environment
from persopt.kernel.worker_process import WorkerProcess
from persopt.plugins.contracts.execution import (
    SAVE_SECONDS,
    ExecutorRequest,
    Failed,
    Finished,
    Reported,
    Started,
    Stopped,
    TrialMessage,
    TrialRequest,
)

__all__ = ("WorkerPool",)

_STOP_GRACE_SECONDS: Final = 0.4
_MAX_FAILED_STARTS: Final = 3


class WorkerPool:
    """Fulfils `persopt.plugins.TrialPool`; a worker that dies is replaced, and its trial fails as `killed`."""

    def __init__(self, request: ExecutorRequest, threads: int | None = None) -> None:
        self._request = request
        self._threads = threads or divide_threads(request.parallel)
        self._gpus = list_gpus()
        self._selector = selectors.DefaultSelector()
        self._workers: list[WorkerProcess] = []
        self._messages: deque[TrialMessage] = deque()
        self._failed_starts = 0

    def __enter__(self) -> Self:
        """Start the workers; they get warm at the same time."""
        Path(self._request.folder).mkdir(parents=True, exist_ok=True)
        for index in range(self._request.parallel):
            self._start(index)
        return self

    def __exit__(self, *_: object) -> None:
        """End every worker at once."""
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.close()
        self._workers.clear()
        self._selector.close()

    def submit(self, request: TrialRequest) -> None:
        """Give a trial to an idle worker, a warm one first.

        Raises:
            RuntimeError: if every worker is busy.
        """
        idle = [worker for worker in self._workers if worker.trial is None]
        if not idle:
            raise RuntimeError(f"all {len(self._workers)} workers are busy")
        worker = min(idle, key=lambda worker: (not worker.ready, worker.index))
        worker.run(request)

    def receive(self, timeout: float | None) -> TrialMessage | None:
        """Return the next message, or None after `timeout` seconds.

        Raises:
            PersoptError: if workers die again and again before they are ready.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while not self._messages:
            now = time.monotonic()
            self._enforce_stops(now)
            if self._messages:
                break
            limits = [worker.kill_at for worker in self._workers if worker.kill_at is not None]
            limits += [] if end is None else [end]
            wait = max(0.0, min(limits) - now) if limits else None
            for key, _ in self._selector.select(wait):
                self._read(key.data)
            if not self._messages and end is not None and time.monotonic() >= end:
                return None
        return self._messages.popleft()

    def stop(self, number: int, *, keep_checkpoint: bool) -> None:
        """Ask a trial to end, and end its worker if it has not within 0.4 s; a model to be saved is waited for."""
        saves = keep_checkpoint and isinstance(self._request.program, TrainingProgram)
        for worker in self._workers:
            if worker.trial is not None and worker.trial.number == number and worker.kill_at is None:
                worker.stop(number, keep_checkpoint=keep_checkpoint)
                has_begun = worker.started_at is not None  # else there is nothing to save
                grace = SAVE_SECONDS if saves and has_begun else _STOP_GRACE_SECONDS
                worker.kill_at = time.monotonic() + grace

    def _start(self, index: int) -> None:
        log = Path(self._request.folder) / f"worker-{index}.log"
        worker = WorkerProcess(index, log, worker_environment(index, self._threads, self._gpus), self._request.program)
        self._workers.append(worker)
        for source in _sources(worker):
            self._selector.register(source, selectors.EVENT_READ, worker)

    def _enforce_stops(self, now: float) -> None:
        for worker in list(self._workers):
            if worker.kill_at is not None and now >= worker.kill_at:
                worker.kill()
                self._bury(worker)

    def _read(self, worker: WorkerProcess) -> None:
        if worker not in self._workers:
            return
        messages = worker.receive()
        if messages is None:
            self._bury(worker)
            return
        for message in messages:
            self._take(worker, message)

    def _take(self, worker: WorkerProcess, message: FromWorker) -> None:
        if isinstance(message, Ready):
            worker.ready = True
            self._failed_starts = 0
            return
        if isinstance(message, Started):
            worker.started_at = time.monotonic()
        elif isinstance(message, Reported):
            worker.last_metrics.update(message.report.metrics)
        elif isinstance(message, Finished | Stopped | Failed):
            worker.forget_trial()
        self._messages.append(message)

    def _bury(self, worker: WorkerProcess) -> None:
        """Take a dead worker out, tell of its trial, and start another in its place."""
        for source in _sources(worker):
            self._selector.unregister(source)
        self._workers.remove(worker)
        returncode = worker.close()
        if worker.trial is not None:
            self._messages.append(_last_message(worker, returncode))
        if not worker.ready and worker.kill_at is None:  # one that was ended before it was warm did not fail to start
            self._failed_starts += 1
            if self._failed_starts >= _MAX_FAILED_STARTS:
                fault = describe_exit("the worker process", returncode)
                raise PersoptError(
                    Fault(
                        message=f"workers cannot start: {fault.message}; the end of its output: {worker.tail()}",
                        code="worker-start",
                    )
                )
        self._start(worker.index)


def _sources(worker: WorkerProcess) -> list[Channel | int]:
    return [worker.channel] if worker.end is None else [worker.channel, worker.end]


def _last_message(worker: WorkerProcess, returncode: int | None) -> Stopped | Failed:
    trial = worker.trial
    if trial is None:
        raise RuntimeError("the worker had no trial")
    seconds = 0.0 if worker.started_at is None else time.monotonic() - worker.started_at
    if worker.kill_at is not None:
        return Stopped(number=trial.number, metrics=dict(worker.last_metrics), seconds=seconds)
    return Failed(number=trial.number, fault=describe_exit("the trial's process", returncode), seconds=seconds)
