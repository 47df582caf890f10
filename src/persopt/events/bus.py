"""The connection to NATS and the one stream in it.

nats-py's own reconnecting is off: it may send what was written after the loss of a connection without what was
written before it, and it knows nothing of an embedded server that comes back at another port. A connection that
is lost stays lost; whoever uses the bus calls `connect` again.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Final, NoReturn, TypeVar

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext, api

from persopt.domain.errors import BusError
from persopt.domain.events import STREAM_SUBJECTS
from persopt.events.acknowledgements import Acknowledgement, Publisher
from persopt.events.client import close_client, open_client
from persopt.events.embedded import EmbeddedServer, ServerAddress, find_or_start_server
from persopt.settings import Settings

__all__ = ("STREAM_NAME", "EventBus", "StreamPosition")

T = TypeVar("T")

STREAM_NAME: Final = "PERSOPT_EVENTS"

_DAY_SECONDS: Final = 86_400.0
_STREAM_CONFIG: Final = {
    "name": STREAM_NAME,
    "description": "What happens to the jobs of persopt, as CloudEvents",
    "subjects": [STREAM_SUBJECTS],
    "storage": api.StorageType.FILE,
    "retention": api.RetentionPolicy.LIMITS,
    "discard": api.DiscardPolicy.OLD,
    "max_age": 30 * _DAY_SECONDS,
    "max_bytes": 1 << 30,
    "duplicate_window": 3600.0,
}


class StreamPosition:
    """What the stream was when it was looked at.

    Attributes:
        identity: Differs when the stream was made anew.
        last: Sequence of the newest event in it; 0 when it never held one.
    """

    __slots__ = ("identity", "last")

    def __init__(self, identity: str, last: int) -> None:
        self.identity = identity
        self.last = last


class EventBus:
    """One connection to the server of the settings; for one event loop.

    Keeps the embedded server that it had to start running across reconnections, until `close`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lost: asyncio.Future[None] | None = None
        self._client: Client | None = None
        self._context: JetStreamContext | None = None
        self._publisher: Publisher | None = None
        self._stopping = threading.Event()
        self._process: EmbeddedServer | None = None
        self._process_lock = threading.Lock()

    @property
    def is_connected(self) -> bool:
        """Whether the connection stands."""
        return self._client is not None and self._client.is_connected

    @property
    def lost(self) -> asyncio.Future[None]:
        """Done once the connection that `connect` made is lost.

        Raises:
            BusError: if there was no connection yet.
        """
        if self._lost is None:
            raise BusError("there is no connection to the event server yet")
        return self._lost

    @property
    def client(self) -> Client:
        """The NATS client of the connection.

        Raises:
            BusError: if there is no connection.
        """
        if self._client is None or not self._client.is_connected:
            raise BusError("the connection to the event server is lost")
        return self._client

    @property
    def jetstream(self) -> JetStreamContext:
        """JetStream on the connection.

        Raises:
            BusError: if there is no connection.
        """
        assert self.client is not None
        assert self._context is not None
        return self._context

    async def connect(self) -> StreamPosition:
        """Connect, starting the embedded server if need be, and make sure of the stream; again if it was lost.

        Raises:
            BusError: if the server cannot be found, started or reached, refuses the token, or has no JetStream.
        """
        await self.disconnect()
        address = await asyncio.to_thread(self._find_server)
        self._client = client = Client()
        self._lost = lost = asyncio.get_running_loop().create_future()

        async def note_lost() -> None:
            if not lost.done():
                lost.set_result(None)

        await open_client(client, address, note_lost)
        self._context = client.jetstream(timeout=5.0)
        try:
            position = await self.ensure_stream()
        except BusError:
            # JetStream switches itself off when the disk is full, and on again only at a start.
            await asyncio.to_thread(self._stop_server)
            raise
        self._publisher = Publisher(client)
        await self._publisher.open()
        return position

    async def ensure_stream(self) -> StreamPosition:
        """Make the stream if it is not there; one that is there is taken with the limits that it has.

        Raises:
            BusError: if it can neither be found nor made, or takes other subjects.
        """
        try:
            try:
                info = await self.ask(self.jetstream.stream_info(STREAM_NAME))
            except nats.js.errors.NotFoundError:
                info = await self.ask(self.jetstream.add_stream(api.StreamConfig(), **_STREAM_CONFIG))
        except (nats.errors.Error, TimeoutError) as error:
            _refuse_stream(error)
        if STREAM_SUBJECTS not in (info.config.subjects or ()):
            raise BusError(
                f"the stream {STREAM_NAME} takes the subjects {info.config.subjects}, not {STREAM_SUBJECTS!r}",
                hint="rename it or give it that subject",
            )
        return StreamPosition(str(info.created), info.state.last_seq)

    async def ask(self, question: Coroutine[Any, Any, T]) -> T:
        """Await an answer of the server, but no longer than the connection stands.

        Raises:
            BusError: if the connection is lost before.
        """
        answer = asyncio.ensure_future(question)
        try:
            await asyncio.wait((answer, self.lost), return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise BusError("the connection to the event server is lost")
            return await answer
        finally:
            answer.cancel()

    async def publish(
        self, event_id: str, subject: str, payload: bytes, *, after: str | None = None
    ) -> asyncio.Future[Acknowledgement]:
        """Send an event; what is sent one after another is taken in that order.

        Args:
            event_id: Its id; an event of the same id that is already in the stream is acknowledged, not repeated.
            subject: Its NATS subject.
            payload: Its bytes.
            after: Id that the last event of the stream must have; the event is refused otherwise, unless it is
                a repeat.

        Returns:
            A future of the acknowledgement; `PublishRefusedError` if JetStream refuses. It never ends if the
            connection is `lost`.

        Raises:
            BusError: if there is no connection.
            nats.errors.MaxPayloadError: if the payload is larger than the server takes.
        """
        headers = {api.Header.MSG_ID.value: event_id}
        if after is not None:
            headers[api.Header.EXPECTED_LAST_MSG_ID.value] = after
        if not self.is_connected or self._publisher is None:
            raise BusError("the connection to the event server is lost")
        return await self._publisher.send(subject, payload, headers)

    async def last_event_id(self, subjects: str) -> str | None:
        """Return the id of the newest event of the stream whose subject fits; None if there is none.

        Raises:
            BusError: if there is no connection.
        """
        try:
            message = await self.ask(self.jetstream.get_last_msg(STREAM_NAME, subjects))
        except nats.js.errors.NotFoundError:
            return None
        return (message.headers or {}).get(api.Header.MSG_ID.value)

    async def close(self) -> None:
        """Disconnect, and stop the server if it was started here. The bus is of no use afterwards."""
        self._stopping.set()
        await self.disconnect()
        await asyncio.to_thread(self._stop_server)

    async def disconnect(self) -> None:
        """Give the connection up; a server that was started here runs on."""
        client, self._client, self._context, self._publisher = self._client, None, None, None
        if client is not None:
            await close_client(client)

    def _find_server(self) -> ServerAddress:
        """Find or start the server; in a thread, which goes on when the coroutine that waits is cancelled."""
        with self._process_lock:
            if self._stopping.is_set():
                raise BusError("the bus is closed")
            address = find_or_start_server(self._settings, stop=self._stopping)
            if address.process is not None:
                if self._process is not None:
                    self._process.stop()  # it died before; this clears its guardian away
                self._process = address.process
            return address

    def _stop_server(self) -> None:
        with self._process_lock:
            process, self._process = self._process, None
            if process is not None:
                process.stop()


def _refuse_stream(reason: Exception) -> NoReturn:
    description = getattr(reason, "description", None) or str(reason) or type(reason).__name__
    if isinstance(reason, nats.js.errors.ServiceUnavailableError):
        raise BusError(
            "the NATS server gives no JetStream", hint="start it with -js, or see whether its disk is full"
        ) from reason
    if isinstance(reason, nats.js.errors.APIError):
        raise BusError(f"the NATS server refuses the stream {STREAM_NAME}: {description}") from reason
    raise BusError(f"the NATS server does not answer for the stream {STREAM_NAME}: {description}") from reason
