"""Following events from synchronous and from asynchronous code."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Iterator
from types import TracebackType
from typing import Any, Final, TypeVar

from persopt.domain.jobs import JobKind
from persopt.events.follower import EventFollower, FollowedEvent, Start
from persopt.settings import Settings

__all__ = ("EventIterator", "FollowedEvent", "Start", "afollow_events", "follow_events")

T = TypeVar("T")

_LOOK_SECONDS: Final = 0.1
_JOIN_SECONDS: Final = 30.0


async def afollow_events(
    settings: Settings, *, job_id: str | None = None, kind: JobKind | None = None, start: Start = "new"
) -> AsyncGenerator[FollowedEvent, None]:
    """Give out events in order, each once, for ever; connects when it is first asked for one.

    Args:
        settings: Where the server is; an embedded one that does not run is started, and stopped at the end.
        job_id: Only events of this job.
        kind: Only events of jobs of this kind.
        start: "new": what comes from now on; "all": everything that the stream has; a number: what comes after
            the event of that stream sequence.

    Raises:
        BusError: if the server cannot be reached at first. Later losses are mended without loss or repeat.
        InputError: if the job id or the start is not accepted.
    """
    follower = EventFollower(settings, job_id=job_id, kind=kind, start=start)
    try:
        await follower.open()
        while True:
            yield await follower.next()
    finally:
        await follower.close()


def follow_events(
    settings: Settings,
    *,
    job_id: str | None = None,
    kind: JobKind | None = None,
    start: Start = "new",
    stop: threading.Event | None = None,
) -> EventIterator:
    """Give out events in order, each once, until told to stop; connects at once.

    With `start="new"`, everything that is published after this call has returned is given out.

    Args:
        settings: Where the server is; an embedded one that does not run is started, and stopped at the end.
        job_id: Only events of this job.
        kind: Only events of jobs of this kind.
        start: "new", "all", or the stream sequence after which to begin.
        stop: Once set, the iteration ends within 0.1 s.

    Raises:
        BusError: if the server cannot be reached. Later losses are mended without loss or repeat.
        InputError: if the job id or the start is not accepted.
    """
    follower = EventFollower(settings, job_id=job_id, kind=kind, start=start)
    iterator = EventIterator(follower, stop or threading.Event())
    try:
        iterator.open()
    except BaseException:
        iterator.close()
        raise
    return iterator


class EventIterator(Iterator[FollowedEvent]):
    """Events for a plain `for` loop; the connection lives in a thread, so that a slow loop does not lose it.

    Closed by its end, `close`, a `with` statement, garbage collection or the end of the program.
    """

    def __init__(self, follower: EventFollower, stop: threading.Event) -> None:
        self._follower = follower
        self._stop = stop
        self._ready: deque[FollowedEvent] = deque()
        self._portal = _Portal()
        self._finalizer = weakref.finalize(self, _shut_down, self._portal, follower)

    def open(self) -> None:
        """Connect; see `EventFollower.open`."""
        self._portal.call(self._follower.open())

    def __next__(self) -> FollowedEvent:
        if not self._ready and self._finalizer.alive:
            self._ready.extend(self._portal.call(self._follower.next_batch(), self._stop) or ())
        if not self._ready or self._stop.is_set():
            self.close()
            raise StopIteration
        return self._ready.popleft()

    def __enter__(self) -> EventIterator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect, stop the server if it was started here, end the thread. A second call does nothing."""
        self._ready.clear()
        self._finalizer()


class _Portal:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name="persopt-follow", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
        finally:
            self._loop.close()

    def call(self, work: Coroutine[Any, Any, T], stop: threading.Event | None = None) -> T | None:
        """Run a coroutine to its end, or until `stop` is set: then it is cancelled and None returned."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            while stop is not None and not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    return future.result(_LOOK_SECONDS)
            return future.result() if stop is None else None
        finally:
            future.cancel()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_JOIN_SECONDS)


def _shut_down(portal: _Portal, follower: EventFollower) -> None:
    try:
        portal.call(follower.close())
    finally:
        portal.end()
