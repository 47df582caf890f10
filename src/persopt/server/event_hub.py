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
from typing import Final, Self

from persopt.domain.errors import BusError
from persopt.domain.jobs import JobKind
from persopt.events.follower import EventFollower, FollowedEvent
from persopt.settings import Settings

__all__ = ("EventFilter", "EventHub", "EventReader")

_LOGGER = logging.getLogger("persopt.server")
_MOST_EVENTS: Final = 2048
_MOST_BYTES: Final = 16 << 20
_BATCH: Final = 64
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
        self._task: asyncio.Task[None]
        self._ready: asyncio.Event
        self._news: asyncio.Event
        self._closing: asyncio.Event
        self._lent: set[EventFollower] = set()
        self._disposals: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Begin to follow."""
        self._ready, self._news, self._closing = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End; every connection to the event server is closed then, those of readers that were cut off too."""
        self.close_readers()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        for follower in [*self._lent]:
            self.take_back(follower)
        await asyncio.gather(*self._disposals)

    def close_readers(self) -> None:
        """Let every reader end once it has what there is; in the event loop."""
        self._closing.set()
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

    def read(self, wanted: EventFilter, after: int) -> EventReader:
        """Return a reader of the events after a place."""
        return EventReader(self, wanted, after)

    @property
    def is_closing(self) -> bool:
        """Whether readers have to end."""
        return self._closing.is_set()

    @property
    def generation(self) -> int:
        """How often the stream was made anew, and its numbers with it."""
        return self._generation

    @property
    def last(self) -> int:
        """Sequence of the newest event."""
        return self._last

    @property
    def before(self) -> int:
        """Every event with a higher sequence is in the window."""
        return self._before

    def look(self, after: int) -> list[FollowedEvent]:
        """Return the next events of the window after a place, a batch at most."""
        first = bisect.bisect_right(self._window, after, key=_sequence)
        return self._window[first : first + _BATCH]

    async def wait(self, after: int, seconds: float) -> bool:
        """Return whether there is news after a place, waiting for it at most so long; True at the end too."""
        news = self._news
        return self._last > after or self.is_closing or await _happens(news, seconds)

    def lend(self, wanted: EventFilter, after: int) -> EventFollower:
        """Return a follower for one reader; the hub closes it when it is given back, at the latest at its own end."""
        follower = EventFollower(self._settings, job_id=wanted.job_id, kind=wanted.kind, start=after)
        self._lent.add(follower)
        return follower

    def take_back(self, follower: EventFollower) -> None:
        """Close a follower in a task of the hub's own: the task of a reader may be cancelled at any moment."""
        if follower in self._lent:
            self._lent.remove(follower)
            task = asyncio.create_task(follower.close())
            self._disposals.add(task)
            task.add_done_callback(self._disposals.discard)

    async def next_batch(self, follower: EventFollower) -> list[FollowedEvent]:
        """Return the next events of a follower; none if readers have to end meanwhile."""
        coming, closing = asyncio.ensure_future(follower.next_batch()), asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait((coming, closing), return_when=asyncio.FIRST_COMPLETED)
            return coming.result() if coming.done() else []
        finally:
            coming.cancel()
            closing.cancel()

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


class EventReader:
    """A place in the stream, and a follower of its own as long as it has to catch up. Close it when it is done."""

    def __init__(self, hub: EventHub, wanted: EventFilter, after: int) -> None:
        self._hub, self._wanted, self._after = hub, wanted, after
        self._generation = hub.generation
        self._follower: EventFollower | None = None
        self._goal = self._newest = 0

    async def next(self, heartbeat: float) -> list[FollowedEvent] | None:
        """Return the next events in their order, a batch at most.

        Args:
            heartbeat: Seconds after which an empty list is returned if nothing comes.

        Returns:
            The events, each once; None when there are no more to come because the server ends.
        """
        while not self._hub.is_closing:
            if self._generation != self._hub.generation:
                self._generation, self._after = self._hub.generation, 0
                self.close()
            if self._follower is not None or self._after < self._hub.before:
                found = await self._catch_up()
            else:
                there = self._hub.look(self._after)
                self._after = there[-1].stream_sequence if there else self._after
                found = [event for event in there if self._wanted.fits(event)]
                if not there and not await self._hub.wait(self._after, heartbeat):
                    return []
            if found:
                return found
        return None

    def close(self) -> None:
        """Give the follower back, if there is one."""
        if self._follower is not None:
            self._hub.take_back(self._follower)
            self._follower = None

    async def _catch_up(self) -> list[FollowedEvent]:
        """Return the next of what was missed, from JetStream itself."""
        try:
            if self._follower is None:
                self._goal = self._hub.last
                self._follower = self._hub.lend(self._wanted, self._after)
                await self._follower.open()
                self._newest = min(await self._follower.newest(), self._goal)
            batch = await self._hub.next_batch(self._follower) if self._after < self._newest else []
        except BusError as error:
            _LOGGER.debug("a reader waits for the event server: %s", error)
            self.close()
            await asyncio.sleep(_LAST_PAUSE)
            return []
        self._after = min(batch[-1].stream_sequence, self._goal) if batch else self._after
        if self._after >= self._newest:
            self._after = self._goal  # nothing that is wanted lies between
            self.close()
        return [event for event in batch if event.stream_sequence <= self._goal]


def _sequence(event: FollowedEvent) -> int:
    return event.stream_sequence


async def _happens(news: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await news.wait()
    except TimeoutError:
        return False
    return True
