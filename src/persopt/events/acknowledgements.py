"""Sending to JetStream without waiting, and the answers.

`JetStreamContext.publish_async` of nats-py 2.16 never tells of a refusal: its callback raises where it should
hand the error over. Hence this page.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping

import msgspec
from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg

from persopt.domain.errors import BusError

__all__ = ("Acknowledgement", "PublishRefusedError", "Publisher")


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """JetStream has the event.

    Attributes:
        sequence: Its place in the stream.
        duplicate: It was there already.
    """

    sequence: int
    duplicate: bool = False


class PublishRefusedError(BusError):
    """JetStream does not take an event.

    Attributes:
        reason_code: JetStream's `err_code`; 0 if nothing takes the subject (no JetStream, no stream).
    """

    def __init__(self, message: str, reason_code: int) -> None:
        super().__init__(message)
        self.reason_code = reason_code


class _Refusal(Struct, frozen=True):
    err_code: int = 0
    description: str = ""


class _Answer(Struct, frozen=True):
    seq: int = 0
    duplicate: bool = False
    error: _Refusal | None = None


class Publisher:
    """Sends on one connection; answers come back to an inbox of its own."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inbox = client.new_inbox()
        self._numbers = itertools.count()
        self._waiting: dict[str, asyncio.Future[Acknowledgement]] = {}

    async def open(self) -> None:
        """Subscribe to the inbox; needed before the first `send`."""
        await self._client.subscribe(f"{self._inbox}.*", cb=self._take)

    async def send(self, subject: str, payload: bytes, headers: Mapping[str, str]) -> asyncio.Future[Acknowledgement]:
        """Send a message. What is sent one after another arrives in that order, or not at all from some point on.

        Returns:
            A future of the acknowledgement; `PublishRefusedError` if JetStream refuses. It never ends if the
            connection is lost.

        Raises:
            nats.errors.Error: if it cannot be sent.
        """
        number = str(next(self._numbers))
        future: asyncio.Future[Acknowledgement] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        future.add_done_callback(lambda _: self._waiting.pop(number, None))
        try:
            await self._client.publish(subject, payload, reply=f"{self._inbox}.{number}", headers=dict(headers))
        except BaseException:
            future.cancel()
            raise
        return future

    async def _take(self, message: Msg) -> None:
        future = self._waiting.get(message.subject.rpartition(".")[2])
        if future is None or future.done():
            return
        if not message.data:  # "no responders"
            future.set_exception(PublishRefusedError("no stream takes events: JetStream is off or full", 0))
            return
        try:
            answer = msgspec.json.decode(message.data, type=_Answer)
        except msgspec.DecodeError as error:
            future.set_exception(PublishRefusedError(f"an answer that is none: {error}", 0))
            return
        if answer.error is not None:
            refusal = answer.error
            future.set_exception(
                PublishRefusedError(f"JetStream refuses an event: {refusal.description}", refusal.err_code)
            )
        else:
            future.set_result(Acknowledgement(sequence=answer.seq, duplicate=answer.duplicate))
