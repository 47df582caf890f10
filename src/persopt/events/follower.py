"""Following asynchronously: everything that the stream takes, in order, once, over restarts of the server.

The follower is an ordered consumer of its own making: JetStream numbers what it delivers, and where a number is
missing, heartbeats stay away or the connection is lost, the follower connects again and asks for what comes
after the last event that it gave out. Nothing is kept on the server for it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Final, Literal, TypeAlias

import nats.errors
import nats.js.errors
from msgspec import Struct
from nats.aio.msg import Msg
from nats.js import api

from persopt.domain.errors import BusError, InputError
from persopt.domain.jobs import JobKind
from persopt.events.bus import STREAM_NAME, EventBus
from persopt.settings import Settings

__all__ = ("EventFollower", "FollowedEvent", "Start")

Start: TypeAlias = Literal["new", "all"] | int

_LOGGER = logging.getLogger("persopt.events")
_HEARTBEAT_SECONDS: Final = 5.0
_SILENCE_SECONDS: Final = 3 * _HEARTBEAT_SECONDS
_FIRST_PAUSE_SECONDS: Final = 0.1
_LAST_PAUSE_SECONDS: Final = 2.0
_TOKEN: Final = re.compile(r"[0-9A-Za-z_-]+")


class FollowedEvent(Struct, frozen=True, kw_only=True):
    """An event as the stream has it.

    Attributes:
        stream_sequence: Its place in the stream; give it as `start` to go on after it.
        subject: `persopt.events.<kind>.<job id>.<what>`.
        payload: A CloudEvent in JSON, the bytes that were published.
    """

    stream_sequence: int
    subject: str
    payload: bytes


class EventFollower:
    """Gives out events one at a time; for one event loop.

    Args:
        settings: Where the server is; an embedded one that does not run is started, and stopped by `close`.
        job_id: Only events of this job.
        kind: Only events of jobs of this kind.
        start: "new": what comes after `open`; "all": from the oldest event that the stream has; a number: what
            comes after the event of that stream sequence.

    Raises:
        InputError: if the job id cannot be one, or the number is negative.
    """

    def __init__(
        self, settings: Settings, *, job_id: str | None = None, kind: JobKind | None = None, start: Start = "new"
    ) -> None:
        if job_id is not None and not _TOKEN.fullmatch(job_id):
            raise InputError(f"expected a job's id, got {job_id!r}", path="$.job_id")
        if isinstance(start, int) and start < 0:
            raise InputError(f"expected 'new', 'all' or a stream sequence of 0 or more, got {start}", path="$.start")
        self._subjects = f"persopt.events.{kind or '*'}.{job_id or '*'}.>"
        self._start = start
        self._bus = EventBus(settings)
        self._stream: str | None = None
        self._after = 0
        self._delivered = 0
        self._queue: asyncio.Queue[Msg | None] | None = None
        self._pause = _FIRST_PAUSE_SECONDS

    @property
    def position(self) -> int:
        """Stream sequence of the last event that was given out, or after which the following began."""
        return self._after

    async def newest(self) -> int:
        """Return the stream sequence of the newest event that would be given out; 0 if the stream has none.

        Raises:
            BusError: if the connection is lost.
        """
        try:
            found = await self._bus.ask(self._bus.jetstream.get_last_msg(STREAM_NAME, self._subjects))
        except nats.js.errors.NotFoundError:
            return 0
        except (nats.errors.Error, TimeoutError) as error:
            raise BusError(f"the event server does not tell its newest event: {error}") from error
        return found.seq or 0

    async def open(self) -> None:
        """Connect, and settle from where on events are given out.

        Raises:
            BusError: if the server cannot be reached. Later losses are mended by `next` itself.
        """
        try:
            await self._subscribe()
        except (nats.errors.Error, TimeoutError) as error:
            raise BusError(f"the event server refuses to be followed: {error}") from error

    async def next(self) -> FollowedEvent:
        """Return the next event, waiting for it for as long as it takes; may be cancelled without loss."""
        while True:
            if self._queue is None:
                await self._subscribe_again()
                continue
            message = await self._receive(self._queue)
            if message is None:
                self._queue = None
            elif (event := await self._take(message)) is not None:
                return event

    async def next_batch(self) -> list[FollowedEvent]:
        """Return the next event, and with it those after it that have arrived already."""
        batch = [await self.next()]
        while self._queue is not None and not self._queue.empty():
            message = self._queue.get_nowait()
            if message is None:
                self._queue = None
            elif (event := await self._take(message)) is not None:
                batch.append(event)
        return batch

    async def close(self) -> None:
        """Disconnect, and stop the server if it was started here."""
        self._queue = None
        await self._bus.close()

    async def _receive(self, queue: asyncio.Queue[Msg | None]) -> Msg | None:
        """Return the next message; None if the connection is lost or not even heartbeats come."""
        if not queue.empty():
            return queue.get_nowait()
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                return await queue.get()
        except TimeoutError:
            return None

    async def _subscribe_again(self) -> None:
        try:
            await self._subscribe()
        except (BusError, nats.errors.Error, OSError, TimeoutError) as error:
            _LOGGER.debug("cannot follow events, trying again: %s", error)
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, _LAST_PAUSE_SECONDS)
        else:
            self._pause = _FIRST_PAUSE_SECONDS

    async def _subscribe(self) -> None:
        """Connect anew and ask for everything after the last event that was given out."""
        self._queue = None
        position = await self._bus.connect()
        self._settle(position.identity, position.last)
        queue: asyncio.Queue[Msg | None] = asyncio.Queue()
        self._bus.lost.add_done_callback(lambda _: queue.put_nowait(None))
        inbox = self._bus.client.new_inbox()
        await self._bus.client.subscribe(inbox, cb=queue.put)
        config = api.ConsumerConfig(
            deliver_subject=inbox,
            filter_subject=self._subjects,
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self._after + 1,
            ack_policy=api.AckPolicy.NONE,
            max_deliver=1,
            flow_control=True,
            idle_heartbeat=_HEARTBEAT_SECONDS,
            mem_storage=True,
            num_replicas=1,
        )
        await self._bus.ask(self._bus.jetstream.add_consumer(STREAM_NAME, config))
        self._delivered = 0
        self._queue = queue

    def _settle(self, identity: str, last: int) -> None:
        """Find out where to go on in the stream as it is now."""
        if self._stream is None:
            self._after = {"new": last, "all": 0}.get(str(self._start), self._after)
            if isinstance(self._start, int):
                self._after = min(self._start, last)  # more than there is: a number from a stream that is gone
        elif self._stream != identity:
            _LOGGER.warning("the event stream was made anew")
            self._after = 0
        elif last < self._after:
            _LOGGER.warning("the event server lost the end of its stream")
            self._after = last
        self._stream = identity

    async def _take(self, message: Msg) -> FollowedEvent | None:
        """Return the event of a message; None for what JetStream itself says. A gap ends the subscription."""
        headers = message.headers or {}
        if api.Header.STATUS.value in headers:
            reply = message.reply or headers.get(api.Header.CONSUMER_STALLED.value)
            if reply and self._bus.is_connected:
                await self._bus.client.publish(reply)  # flow control: everything up to here was taken
            if int(headers.get(api.Header.LAST_CONSUMER.value, self._delivered)) != self._delivered:
                self._queue = None
            return None
        sequence = message.metadata.sequence
        if sequence.consumer != self._delivered + 1:
            self._queue = None
            return None
        self._delivered, self._after = sequence.consumer, sequence.stream
        return FollowedEvent(stream_sequence=sequence.stream, subject=message.subject, payload=message.data)
