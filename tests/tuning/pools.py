"""Two trial pools for the tests of tuning: one on a clock of its own, one of threads. Both keep the contract."""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Self

from persopt.domain.errors import Fault
from persopt.domain.trials import Report
from persopt.plugins import Failed, Finished, Reported, Started, Stopped, TrialMessage, TrialRequest

Event = tuple[float, TrialMessage]
Script = Callable[[TrialRequest], Iterable[Event]]
Reporter = Callable[..., None]


def finished(number: int, *, seconds: float = 1.0, checkpoint: str | None = None, **metrics: float) -> Finished:
    return Finished(number=number, metrics=metrics, seconds=seconds, checkpoint=checkpoint)


def failed(number: int, fault: Fault, *, seconds: float = 1.0) -> Failed:
    return Failed(number=number, fault=fault, seconds=seconds)


def reported(number: int, step: int, share: float | None = None, **metrics: float) -> Reported:
    return Reported(Report(number=number, step=step, metrics=metrics, share=share))


class SimulatedPool:
    """Plays scripts on a simulated clock: nothing happens but at the times that the scripts say.

    A stopped trial ends 0.1 s after it was asked to. The pool fails the test when more trials run than may, and
    when it is polled without waiting.

    Args:
        script: For each request what happens, as (seconds after the submission, message), in order.
        parallel: Trials that may run at the same time.
        deaf: Ignores requests to stop.
    """

    def __init__(self, script: Script, *, parallel: int = 1, deaf: bool = False) -> None:
        self.now = 1000.0
        self.submitted: list[TrialRequest] = []
        self.stopped: list[tuple[float, int, bool]] = []
        self.empty_handed = 0
        self._script = script
        self._parallel = parallel
        self._deaf = deaf
        self._events: list[tuple[float, int, TrialMessage]] = []
        self._running: dict[int, dict[str, float]] = {}
        self._order = itertools.count()

    def clock(self) -> float:
        return self.now

    def submit(self, request: TrialRequest) -> None:
        assert len(self._running) < self._parallel
        assert request.number not in self._running
        self._running[request.number] = {}
        self.submitted.append(request)
        self._push(0.0, Started(number=request.number))
        for delay, message in self._script(request):
            self._push(delay, message)

    def receive(self, timeout: float | None) -> TrialMessage | None:
        assert timeout is not None
        if not self._events or self._events[0][0] > self.now + timeout:
            assert timeout > 0, "polled without waiting"
            self.empty_handed += 1
            # A hair more, as real clocks do: waiting for a deadline must end after it.
            self.now += timeout + 1e-6
            return None
        at, _, message = heapq.heappop(self._events)
        self.now = max(self.now, at)
        if isinstance(message, Reported):
            self._running[message.report.number].update(message.report.metrics)
        elif not isinstance(message, Started):
            del self._running[message.number]
        return message

    def stop(self, number: int, *, keep_checkpoint: bool) -> None:
        self.stopped.append((self.now, number, keep_checkpoint))
        if self._deaf:
            return
        self._events = [event for event in self._events if _number(event[2]) != number]
        heapq.heapify(self._events)
        metrics = dict(self._running[number])
        self._push(0.1, Stopped(number=number, metrics=metrics, seconds=1.0))

    def _push(self, delay: float, message: TrialMessage) -> None:
        heapq.heappush(self._events, (self.now + delay, next(self._order), message))


def _number(message: TrialMessage) -> int:
    return message.report.number if isinstance(message, Reported) else message.number


class ThreadPool:
    """Runs trials as calls of a function in threads.

    Args:
        function: Called with the request, a function that reports, and an event that asks it to end; returns
            metrics, or raises `TrialFault`.
        parallel: Trials that may run at the same time.
    """

    def __init__(
        self, function: Callable[[TrialRequest, Reporter, threading.Event], dict[str, float]], parallel: int
    ) -> None:
        self._function = function
        self._parallel = parallel
        self._messages: queue.SimpleQueue[TrialMessage] = queue.SimpleQueue()
        self._threads: dict[int, threading.Thread] = {}
        self._stops: dict[int, threading.Event] = {}
        self.most_at_once = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stop in self._stops.values():
            stop.set()
        for thread in self._threads.values():
            thread.join()

    def submit(self, request: TrialRequest) -> None:
        assert len(self._threads) < self._parallel
        self._stops[request.number] = threading.Event()
        thread = threading.Thread(target=self._run, args=(request,))
        self._threads[request.number] = thread
        self.most_at_once = max(self.most_at_once, len(self._threads))
        thread.start()

    def receive(self, timeout: float | None) -> TrialMessage | None:
        try:
            message = self._messages.get(timeout=timeout)
        except queue.Empty:
            return None
        if isinstance(message, Finished | Failed | Stopped):
            self._threads.pop(message.number).join()
        return message

    def stop(self, number: int, *, keep_checkpoint: bool) -> None:  # noqa: ARG002 - the contract's
        self._stops[number].set()

    def _run(self, request: TrialRequest) -> None:
        number, begin = request.number, time.monotonic()
        Path(request.folder).mkdir(parents=True, exist_ok=True)
        self._messages.put(Started(number=number))

        def report(step: int, **metrics: float) -> None:
            self._messages.put(reported(number, step, **metrics))

        try:
            metrics = self._function(request, report, self._stops[number])
        except TrialFault as error:
            self._messages.put(failed(number, error.fault, seconds=time.monotonic() - begin))
            return
        seconds = time.monotonic() - begin
        if self._stops[number].is_set():
            self._messages.put(Stopped(number=number, metrics=metrics, seconds=seconds))
        else:
            self._messages.put(Finished(number=number, metrics=metrics, seconds=seconds))


class TrialFault(Exception):  # noqa: N818 - it carries a fault
    """Raised by a function in a `ThreadPool` to fail its trial."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.message)


def in_turn(*scripts: Script) -> Script:
    """Return a script that plays one after the other, the last for all that follow."""
    left: Iterator[Script] = itertools.chain(scripts, itertools.repeat(scripts[-1]))

    def play(request: TrialRequest) -> Iterable[Event]:
        return next(left)(request)

    return play
