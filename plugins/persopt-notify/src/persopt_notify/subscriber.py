"""The subscriber: takes events from a durable consumer, and acknowledges each when everybody has its message."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import UTC, datetime
from typing import Final

import msgspec
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api

from persopt.domain.events import CloudEvent, JobCancelled, JobFailed, JobQueued, JobSucceeded
from persopt.domain.jobs import JobKind
from persopt_notify.addresses import Destination
from persopt_notify.delivered import Delivered
from persopt_notify.event_server import connect, find_address
from persopt_notify.settings import NotifySettings
from persopt_notify.texts import EndedJob, write_message

__all__ = ("Subscriber",)

_STREAM: Final = "PERSOPT_EVENTS"
_LOGGER = logging.getLogger("persopt_notify")
_BATCH: Final = 10
_FETCH_SECONDS: Final = 1.0
_ACK_SECONDS: Final = 300.0
_RETRY_SECONDS: Final = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0)
_PAUSE_SECONDS: Final = 1.0
_SECONDS_A_DAY: Final = 86_400.0
_FAULTS: Final = (nats.errors.Error, nats.js.errors.Error, OSError, TimeoutError)


class Subscriber:
    """Sends a message to each destination for each job that ends, across losses of either server.

    The event server remembers how far it is, under its name. A message that an address does not take is tried again,
    later and later, while those that follow go out; what was delivered to some addresses only is remembered in a file.

    Args:
        settings: What to tell of, and where the events are.
        destinations: Where to send it.
    """

    def __init__(self, settings: NotifySettings, destinations: list[Destination]) -> None:
        self._settings = settings
        self._destinations = destinations
        self._delivered = Delivered(settings.state_file)
        self._told = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; a server that is away is waited for."""
        while not stop.is_set():
            address = find_address(self._settings)
            if address is None:
                self._tell(f"the workspace {self._settings.home} has no event server yet; waiting for one")
            else:
                try:
                    client = await connect(address)
                except _FAULTS as error:
                    self._tell(f"the event server cannot be reached ({_word(error)}); trying again")
                else:
                    await self._follow(client, stop)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _PAUSE_SECONDS)

    async def _follow(self, client: Client, stop: asyncio.Event) -> None:
        """Take events until the connection is lost or `stop` is set."""
        try:
            context = client.jetstream()
            await context.add_consumer(_STREAM, self._consumer())
            subscription = await context.pull_subscribe_bind(self._settings.name, _STREAM)
            self._tell("listening")
            while not stop.is_set() and client.is_connected:
                with contextlib.suppress(nats.errors.TimeoutError):
                    for message in await subscription.fetch(_BATCH, _FETCH_SECONDS):
                        await self._take(context, message)
        except nats.js.errors.NotFoundError:
            self._tell("no job of this workspace has told anything yet; waiting")
        except _FAULTS as error:
            self._tell(f"the connection to the event server is lost ({_word(error)}); trying again")
        finally:
            with contextlib.suppress(*_FAULTS):
                await client.close()

    def _consumer(self) -> api.ConsumerConfig:
        kinds: list[str] = [*self._settings.kinds] or ["*"]
        return api.ConsumerConfig(
            durable_name=self._settings.name,
            description="Messages about jobs that have ended",
            deliver_policy=api.DeliverPolicy.NEW,
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=_ACK_SECONDS,
            max_deliver=-1,
            max_ack_pending=1000,
            filter_subjects=[f"persopt.events.{kind}.*.job.{end}" for kind in kinds for end in self._settings.endings],
        )

    async def _take(self, context: JetStreamContext, message: Msg) -> None:
        """Send the message of an event to all who do not have it; acknowledge it, or ask for it again later."""
        try:
            event = msgspec.json.decode(message.data, type=CloudEvent)
        except msgspec.DecodeError as error:
            _LOGGER.warning("an event on %s cannot be read and is left out: %s", message.subject, error)
            await message.term()
            return
        job = await _describe(context, message.subject, event)
        text = write_message(job, self._settings.language, self._settings.link)
        missing = []
        for destination in self._destinations:
            if self._delivered.has(event.id, destination.address):
                continue
            await message.in_progress()
            if await destination.send(text):
                _LOGGER.info("job %s: told %s", job.id, destination.label)
                if len(self._destinations) > 1:
                    self._delivered.add(event.id, destination.address)
            else:
                missing.append(destination.label)
        if not missing:
            await message.ack_sync()
        elif self._is_too_old(message):
            _LOGGER.error("job %s: given up for %s", job.id, ", ".join(missing))
            await message.term()
        else:
            delay = _RETRY_SECONDS[min(message.metadata.num_delivered, len(_RETRY_SECONDS)) - 1]
            _LOGGER.warning("job %s: not taken by %s; again in %g s", job.id, ", ".join(missing), delay)
            await message.nak(delay)
            return
        self._delivered.forget(event.id)

    def _is_too_old(self, message: Msg) -> bool:
        age = datetime.now(UTC) - message.metadata.timestamp.astimezone(UTC)
        return age.total_seconds() > self._settings.days * _SECONDS_A_DAY

    def _tell(self, text: str) -> None:
        """Log what has changed, once."""
        if text != self._told:
            self._told = text
            _LOGGER.info("%s", text)


def _word(error: Exception) -> str:
    return str(error) or type(error).__name__


async def _describe(context: JetStreamContext, subject: str, event: CloudEvent) -> EndedJob:
    """Return the job of an event; its name is told by the event of its creation, if the stream still has it."""
    _, _, kind, job_id, *_ = subject.split(".")
    name = ""
    with contextlib.suppress(nats.js.errors.Error, msgspec.DecodeError):
        queued = await context.get_last_msg(_STREAM, f"persopt.events.{kind}.{job_id}.job.queued")
        data = msgspec.json.decode(queued.data or b"", type=CloudEvent).data
        name = data.name if isinstance(data, JobQueued) else ""
    assert isinstance(event.data, JobSucceeded | JobFailed | JobCancelled)  # what the consumer's subjects let through
    return EndedJob(id=job_id, kind=msgspec.convert(kind, JobKind), name=name, data=event.data)
