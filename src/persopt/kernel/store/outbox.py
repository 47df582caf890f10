"""The transactional outbox: events wait here, written with the change they tell of, until they are published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, func, insert, select

from persopt.domain.events import EventData, event_subject, make_event
from persopt.domain.jobs import JobKind
from persopt.kernel.store.schema import outbox

__all__ = ("OutboxRow", "add_events", "count_pending", "list_pending", "remove_published")

_INSERT = insert(outbox).inline()
_DELETE = delete(outbox).where(outbox.c.position == bindparam("published"))
_COUNT = select(func.count()).select_from(outbox)
_PENDING = (
    select(outbox.c.position, outbox.c.event_id, outbox.c.subject, outbox.c.payload)
    .order_by(outbox.c.position)
    .limit(bindparam("most"))
)


class OutboxRow(Struct, frozen=True, kw_only=True):
    """An event that waits to be published.

    Attributes:
        position: Rises with the order of the events within a job; never used twice.
        event_id: The `Nats-Msg-Id`.
        subject: The NATS subject.
        payload: The encoded CloudEvent.
    """

    position: int
    event_id: str
    subject: str
    payload: bytes


def add_events(
    connection: Connection, job_id: str, kind: JobKind, last: int, events: Sequence[EventData], now: datetime
) -> None:
    """Add events of one job.

    The caller has advanced the job's `event_sequence` to `last` by the number of events, in this transaction;
    that holds the job's row until the commit, so that positions rise in the order of the sequences.
    """
    if not events:
        return
    first = last - len(events) + 1
    rows = []
    for sequence, data in enumerate(events, start=first):
        event = make_event(job_id, sequence, now, data)
        subject = event_subject(kind, job_id, data)
        rows.append({"event_id": event.id, "subject": subject, "payload": event.encode()})
    connection.execute(_INSERT, rows if len(rows) > 1 else rows[0])


def list_pending(connection: Connection, limit: int) -> list[OutboxRow]:
    """Return the oldest events that wait."""
    rows = connection.execute(_PENDING, {"most": limit})
    return [OutboxRow(position=row[0], event_id=row[1], subject=row[2], payload=bytes(row[3])) for row in rows]


def remove_published(connection: Connection, positions: Sequence[int]) -> None:
    """Delete events that were published; those already gone are no error."""
    if positions:
        # In order, so that two relays never wait for each other.
        connection.execute(_DELETE, [{"published": position} for position in sorted(positions)])


def count_pending(connection: Connection) -> int:
    """Return how many events wait."""
    return connection.execute(_COUNT).scalar_one()
