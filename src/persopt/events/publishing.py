"""From the outbox to JetStream: in order, each event once, many at a time.

Order is kept by the server, not by luck: within a batch that is sent without waiting, each event names the one
that it must follow (`Nats-Expected-Last-Msg-Id`), so that after one that fails none is taken. What is
acknowledged is marked, up to the first that is not.

A crash between acknowledgement and mark leads to a repeat. JetStream drops it by its `Nats-Msg-Id` within the
duplicate window of the stream; one that comes later still is found here: before anything of a job is published
on a new connection, the last event of that job is asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, Protocol

import nats.errors

from persopt.domain.errors import BusError
from persopt.events.acknowledgements import Acknowledgement
from persopt.events.bus import EventBus

__all__ = ("BATCH", "OutboxEntry", "OutboxPublisher", "OutboxSource")

BATCH: Final = 256

_LOGGER = logging.getLogger("persopt.events")
_ACK_SECONDS: Final = 10.0
_JOB_TOKENS: Final = 4  # persopt.events.<kind>.<job id>
_WRONG_LAST_ID: Final = 10070
_TOO_LARGE: Final = 10054


class OutboxEntry(Protocol):
    """An event that waits in the outbox."""

    @property
    def position(self) -> int:
        """Its place in the outbox; grows within a job."""

    @property
    def event_id(self) -> str:
        """Its id, also its `Nats-Msg-Id`."""

    @property
    def subject(self) -> str:
        """Its NATS subject."""

    @property
    def payload(self) -> bytes:
        """Its bytes."""


class OutboxSource(Protocol):
    """What the relay needs of the store; called from any thread."""

    def pending_events(self, limit: int = 256) -> Sequence[OutboxEntry]:
        """Return the first events that are not marked, in order of position."""

    def mark_published(self, positions: Sequence[int]) -> None:
        """Mark events as published; for good once this has returned."""


class OutboxPublisher:
    """Publishes batches of an outbox over a bus that somebody else connects."""

    def __init__(self, source: OutboxSource, bus: EventBus) -> None:
        self._source = source
        self._bus = bus
        self._checked: set[str] = set()
        self._window = BATCH

    def forget_connection(self) -> None:
        """Say that the bus has a new connection: what is published is to be looked up again."""
        self._checked.clear()

    async def publish_pending(self) -> int:
        """Publish the first of what waits, and mark it.

        Returns:
            How many events were dealt with; 0 if none waits.

        Raises:
            BusError, nats.errors.Error: if the bus failed; what was acknowledged before is marked.
            PersoptError: from the source.
        """
        entries = self._source.pending_events(BATCH)
        if not entries:
            return 0
        if published := await self._find_published(entries):
            self._source.mark_published(published)
            return len(published)
        batch = entries[: self._window]
        sent, fault = await self._send(batch)
        failure = fault if len(sent) < len(batch) else None
        done, reason = await self._gather(sent)
        if done:
            self._source.mark_published([entry.position for entry in batch[:done]])
        if done == len(batch):
            self._window = min(2 * self._window, BATCH)
            return done
        return done + self._handle_refusal(batch[done], reason or failure)

    async def _send(
        self, batch: Sequence[OutboxEntry]
    ) -> tuple[list[asyncio.Future[Acknowledgement]], Exception | None]:
        """Send in a chain, without waiting, until something cannot be sent."""
        sent: list[asyncio.Future[Acknowledgement]] = []
        after: str | None = None
        try:
            for entry in batch:
                sent.append(await self._bus.publish(entry.event_id, entry.subject, entry.payload, after=after))
                after = entry.event_id
        except (nats.errors.Error, BusError, OSError) as error:
            return sent, error
        return sent, None

    async def _gather(self, sent: Sequence[asyncio.Future[Acknowledgement]]) -> tuple[int, BaseException | None]:
        """Wait for the answers; return how many from the first on are acknowledgements, and what came then."""
        if not sent:
            return 0, None
        answers = asyncio.ensure_future(asyncio.wait(sent))
        try:
            lost = self._bus.lost
            await asyncio.wait((answers, lost), timeout=_ACK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            silence = BusError("the connection was lost" if lost.done() else f"no answer within {_ACK_SECONDS:g} s")
        finally:
            answers.cancel()
            for future in sent:
                future.cancel()
        faults = [silence if future.cancelled() else future.exception() for future in sent]
        done = next((index for index, fault in enumerate(faults) if fault is not None), len(sent))
        return done, faults[done] if done < len(sent) else None

    def _handle_refusal(self, entry: OutboxEntry, reason: BaseException | None) -> int:
        """Deal with the first event that was not taken; return 1 if it is to be left out for good."""
        code = getattr(reason, "reason_code", None)
        if code == _WRONG_LAST_ID:
            # Somebody else publishes into the stream at the same time: wait for each answer for a while.
            self._window = 1
            return 0
        if isinstance(reason, nats.errors.MaxPayloadError) or code == _TOO_LARGE:
            _LOGGER.error(
                "event %s (%s, %d bytes) is too large for the NATS server and is left out; the store has what it tells",
                entry.event_id,
                entry.subject,
                len(entry.payload),
            )
            self._source.mark_published([entry.position])
            return 1
        raise reason or BusError("an event was not sent")

    async def _find_published(self, entries: Sequence[OutboxEntry]) -> list[int]:
        """Return positions of what is in the stream already, of jobs not yet looked at on this connection."""
        jobs: dict[str, list[OutboxEntry]] = {}
        for entry in entries:
            jobs.setdefault(".".join(entry.subject.split(".")[:_JOB_TOKENS]), []).append(entry)
        unknown = [job for job in jobs if job not in self._checked]
        try:
            newest = await asyncio.gather(*(self._bus.last_event_id(f"{job}.>") for job in unknown))
        except TimeoutError as error:
            raise BusError("the event server does not say what it has") from error
        published: list[int] = []
        for job, event_id in zip(unknown, newest, strict=True):
            ids = [entry.event_id for entry in jobs[job]]
            if event_id in ids:
                published += [entry.position for entry in jobs[job][: ids.index(event_id) + 1]]
        self._checked.update(unknown)
        return published
