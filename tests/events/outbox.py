"""An outbox in memory: our own protocol, so that the relay is tested without a database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from persopt.domain.errors import StoreError
from persopt.domain.events import TrialStarted, event_subject, make_event

PATIENCE_SECONDS = 60.0


class Entry(Struct, frozen=True, kw_only=True):
    position: int
    event_id: str
    subject: str
    payload: bytes


def make_entries(count: int, *, jobs: int = 1, first: int = 1) -> list[Entry]:
    """Return events of `jobs` jobs in turn, each job's numbered from 1 up."""
    entries = []
    for position in range(first, first + count):
        job, sequence = f"{(position - 1) % jobs:020x}", (position - 1) // jobs + 1
        data = TrialStarted(number=sequence, attempt=1, params={"x": position})
        event = make_event(job, sequence, datetime.now(UTC), data)
        subject = event_subject("tune", job, data)
        entries.append(Entry(position=position, event_id=event.id, subject=subject, payload=event.encode()))
    return entries


class MemoryOutbox:
    """Keeps what is pending; `before_mark` is called between acknowledgement and mark."""

    def __init__(self, entries: Sequence[Entry] = (), before_mark: Callable[[], None] | None = None) -> None:
        self._entries = list(entries)
        self._published: list[int] = []
        self._changed = threading.Condition()
        self._before_mark = before_mark

    def append(self, entries: Sequence[Entry]) -> None:
        with self._changed:
            self._entries += entries

    def pending_events(self, limit: int = 256) -> Sequence[Entry]:
        with self._changed:
            return self._entries[:limit]

    def mark_published(self, positions: Sequence[int]) -> None:
        if self._before_mark is not None:
            self._before_mark()
        with self._changed:
            marked = set(positions)
            assert marked <= {entry.position for entry in self._entries}, "marked twice or never there"
            self._entries = [entry for entry in self._entries if entry.position not in marked]
            self._published += positions
            self._changed.notify_all()

    @property
    def published(self) -> list[int]:
        with self._changed:
            return list(self._published)

    def wait_published(self, count: int) -> None:
        """Block until so many are marked."""
        with self._changed:
            done = self._changed.wait_for(lambda: len(self._published) >= count, PATIENCE_SECONDS)
        assert done, f"only {len(self._published)} of {count} events were published"


def fail_once() -> Callable[[], None]:
    """Return a `before_mark` that raises the first time, as a locked database does."""
    failures = [StoreError("database is locked")]

    def fail() -> None:
        if failures:
            raise failures.pop()

    return fail
