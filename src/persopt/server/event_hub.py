"""All readers of events of one server: one follower of the stream, and one window of what came last for everybody.

A reader is a place in the stream, nothing more: it takes what the window holds after its place. One that is slower
than the window moves, or that comes back after a while, fetches what it has missed from JetStream itself. So nobody
waits for a reader, and the memory is that of the window, however many read.
"""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import logging
from collections.abc import AsyncGenerator
from typing import Final, Self

from persopt.domain.errors import BusError
from persopt.domain.jobs import JobKind
from persopt.events.follower import EventFollower, FollowedEvent
from persopt.settings import Settings

__all__ = ("EventFilter", "EventHub")

_LOGGER = logging.getLogger("persopt.server")
_MOST_EVENTS: Final = 2048
_MOST_BYTES: Final = 16 << 20
_READY_SECONDS: Final = 10.0
_FIRST_PAUSE: Final = 0.1
_LAST_PAUSE: Final = 5.0


class EventFilter:
    """Which events a reader wants: those of one job, of one kind of jobs, or all."""

    def __init__(self, job_id: str | None = None, kind: JobKind | None = None) -> None:
        self.job_id = job_id
        self.kind = kind

    def fits(self, event: FollowedEvent) -> bool:
        """Return whether an event is wanted, by its subject `persopt.events.<kind>.<job id>.<what>`."""
        _, _, kind, job_id, _ = event.subject.split(".", 4)
        return self.kind in (None, kind) and self.job_id in (None, job_id)


class EventHub:
    """Follows the stream while the block runs; for one event loop.

    Args:
        settings: Where the event server is; an embedded one that does not run is started.
        most: Events of the window, at most; it also holds no more than 16 MiB.
    """

    def __init__(self, settings: Settings, most: int = _MOST_EVENTS) -> None:
        self._settings = settings
        self._most = most
        self._window: list[FollowedEvent] = []
        self._bytes = 0
        self._last = 0  # sequence of the newest event seen
        self._before = 0  # every event above it is in the window
        self._generation = 0
        self._is_closing = False
        self._task: asyncio.Task[None]
        self._ready: asyncio.Event
        self._news: asyncio.Event

    async def __aenter__(self) -> Self:
        """Begin to follow."""
        self._ready, self._news = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        self.close_readers()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def close_readers(self) -> None:
        """Let every reader end once it has what there is; in the event loop."""
        self._is_closing = True
        self._wake()

    async def place(self, after: int | None) -> int:
        """Return where a reader begins: at what comes from now on, or after an event that it has seen.

        Raises:
            BusError: if the event server could not be reached so far.
        """
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            raise BusError("the event server cannot be reached yet; try again") from None
        return self._last if after is None else min(after, self._last)

    async def read(
        self, wanted: EventFilter, after: int, heartbeat: float
    ) -> AsyncGenerator[FollowedEvent | None, None]:
        """Give the events after a place in their order, each once; None after each pause as long as `heartbeat`."""
        generation = self._generation
        while not self._is_closing:
            if generation != self._generation:  # the stream was made anew, and its numbers with it
                generation, after = self._generation, 0
            if after < self._before:
                async with contextlib.aclosing(self._fetch(wanted, after)) as missed:
                    async for event, place in missed:
                        after = place
                        if event is not None:
                            yield event
                continue
            news = self._news
            for event in self._window[bisect.bisect_right(self._window, after, key=_sequence) :]:
                after = event.stream_sequence
                if wanted.fits(event):
                    yield event
                if after < self._before or generation != self._generation:
                    break  # it was slow: the window has moved on meanwhile
            else:
                if not news.is_set() and not await _happens(news, heartbeat):
                    yield None

    async def _fetch(self, wanted: EventFilter, after: int) -> AsyncGenerator[tuple[FollowedEvent | None, int], None]:
        """Give what a reader has missed, each with its new place; the last may have a place alone."""
        goal = self._last
        follower = EventFollower(self._settings, job_id=wanted.job_id, kind=wanted.kind, start=after)
        try:
            await follower.open()
            newest = min(await follower.newest(), goal)
            while after < newest:
                event = await follower.next()
                if event.stream_sequence > goal:
                    break
                after = event.stream_sequence
                yield event, after
        except BusError as error:
            _LOGGER.debug("a reader waits for the event server: %s", error)
            await asyncio.sleep(_LAST_PAUSE)
        else:
            yield None, goal
        finally:
            await follower.close()

    async def _follow(self) -> None:
        pause = _FIRST_PAUSE
        begun = False
        while True:
            follower = EventFollower(self._settings, start=self._last if begun else "new")
            try:
                await follower.open()
                if not begun:
                    self._last = self._before = follower.position
                    begun = True
                self._ready.set()
                pause = _FIRST_PAUSE
                while True:
                    self._take(await follower.next_batch())
            except Exception as error:  # noqa: BLE001 - whatever it was, the following goes on
                _LOGGER.log(logging.DEBUG if begun else logging.WARNING, "events cannot be followed: %s", error)
            finally:
                await follower.close()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LAST_PAUSE)

    def _take(self, events: list[FollowedEvent]) -> None:
        for event in events:
            if event.stream_sequence <= self._last:
                self._window.clear()
                self._bytes, self._before = 0, event.stream_sequence - 1
                self._generation += 1
            self._window.append(event)
            self._bytes += len(event.payload)
            self._last = event.stream_sequence
        gone = max(0, len(self._window) - self._most)
        while self._bytes - sum(len(event.payload) for event in self._window[:gone]) > _MOST_BYTES:
            gone += 1
        if gone:
            self._before = self._window[gone - 1].stream_sequence
            self._bytes -= sum(len(event.payload) for event in self._window[:gone])
            del self._window[:gone]
        self._wake()

    def _wake(self) -> None:
        """Tell everybody who waits now; who waits later waits for the next news."""
        news, self._news = self._news, asyncio.Event()
        news.set()


def _sequence(event: FollowedEvent) -> int:
    return event.stream_sequence


async def _happens(news: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await news.wait()
    except TimeoutError:
        return False
    return True
