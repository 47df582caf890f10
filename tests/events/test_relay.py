"""The relay: everything in the outbox comes into the stream, in order, once, whatever happens."""

from __future__ import annotations

import contextlib
import logging
import random
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from nats.js.api import RawStreamMsg

from persopt.domain.errors import StoreError
from persopt.events.embedded import find_or_start_server
from persopt.events.publishing import BATCH
from persopt.events.relay import Relay
from persopt.settings import Settings
from tests.events.outbox import PATIENCE_SECONDS, Entry, MemoryOutbox, fail_once, make_entries
from tests.events.servers import connection_record, event_ids, kill_server, read_stream, run_external_server


def _assert_all_in_order_once(stored: Sequence[RawStreamMsg], entries: Sequence[Entry]) -> None:
    assert event_ids(stored) == [entry.event_id for entry in entries]
    assert [message.data for message in stored] == [entry.payload for entry in entries]
    assert [message.subject for message in stored] == [entry.subject for entry in entries]


def test_the_outbox_is_published_in_order(settings: Settings) -> None:
    entries = make_entries(2 * BATCH + 50, jobs=3)
    outbox = MemoryOutbox(entries)
    relay = Relay(outbox, settings)
    relay.start()
    outbox.wait_published(len(entries))
    assert relay.stop()
    assert outbox.published == [entry.position for entry in entries]
    _assert_all_in_order_once(read_stream(settings), entries)


def test_new_events_are_seen_with_and_without_a_hint(settings: Settings) -> None:
    outbox = MemoryOutbox()
    relay = Relay(outbox, settings)
    relay.wake()  # before it runs: nothing happens
    relay.start()
    outbox.append(make_entries(1))
    outbox.wait_published(1)
    outbox.append(make_entries(1, first=2))
    relay.wake()
    outbox.wait_published(2)
    assert relay.stop()
    relay.wake()  # nor afterwards
    assert len(read_stream(settings)) == 2


def test_stop_publishes_what_waits_and_stops_the_server(settings: Settings) -> None:
    outbox = MemoryOutbox(make_entries(300))
    relay = Relay(outbox, settings)
    relay.start()
    assert relay.stop(flush_seconds=60)
    assert len(outbox.published) == 300
    assert connection_record(settings) is None


def test_a_relay_is_started_once_and_may_be_stopped_twice_or_unstarted(settings: Settings) -> None:
    relay = Relay(MemoryOutbox(), settings)
    assert relay.stop()
    relay.start()
    with pytest.raises(RuntimeError, match="once"):
        relay.start()
    assert relay.stop()
    assert relay.stop()


def test_a_crash_between_acknowledgement_and_mark_repeats_nothing(settings: Settings) -> None:
    entries = make_entries(40, jobs=2)
    outbox = MemoryOutbox(entries, before_mark=fail_once())
    relay = Relay(outbox, settings)
    relay.start()
    outbox.wait_published(40)
    assert relay.stop()
    _assert_all_in_order_once(read_stream(settings), entries)


def test_two_relays_on_one_outbox_and_a_stranger_keep_order_and_repeat_nothing(settings: Settings) -> None:
    entries = make_entries(400, jobs=3)
    outboxes = [MemoryOutbox(entries), MemoryOutbox(entries)]
    foreign = make_entries(100, first=10_001)
    foreign_outbox = MemoryOutbox(foreign)
    relays = [Relay(outbox, settings) for outbox in (*outboxes, foreign_outbox)]
    for relay in relays:
        relay.start()
    for outbox in outboxes:
        outbox.wait_published(400)
    foreign_outbox.wait_published(100)
    assert all(relay.stop() for relay in relays)
    ids = event_ids(read_stream(settings))
    ours = {entry.event_id for entry in entries}
    assert len(ids) == 500
    assert [event_id for event_id in ids if event_id in ours] == [entry.event_id for entry in entries]
    assert [event_id for event_id in ids if event_id not in ours] == [entry.event_id for entry in foreign]


def test_an_event_too_large_for_the_server_is_left_out_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    entries = make_entries(3)
    large = Entry(position=2, event_id="large", subject=entries[1].subject, payload=b"x" * 2_000_000)
    outbox = MemoryOutbox([entries[0], large, entries[2]])
    with run_external_server(tmp_path / "external") as url:
        settings = Settings(home=str(tmp_path), nats_url=url)
        relay = Relay(outbox, settings)
        relay.start()
        outbox.wait_published(3)
        assert relay.stop()
        assert event_ids(read_stream(settings)) == [entries[0].event_id, entries[2].event_id]
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "large" in record.message
    assert "2000000 bytes" in record.message


def test_without_a_server_events_wait_and_come_when_there_is_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "persopt.events")
    settings, entries = _settings_of_nobody(tmp_path), make_entries(30)
    outbox = MemoryOutbox(entries)
    relay = Relay(outbox, settings)
    with _record_logged("wait in the outbox") as failed:
        relay.start()
        assert failed.wait(PATIENCE_SECONDS)
    port = int((settings.nats_url or "").rpartition(":")[2])
    with run_external_server(tmp_path / "external", port=port):
        outbox.wait_published(30)
        assert relay.stop()
        _assert_all_in_order_once(read_stream(settings), entries)
    told = [record.message for record in caplog.records if record.levelno >= logging.INFO]
    assert len([line for line in told if "wait in the outbox" in line and "cannot reach" in line]) == 1
    assert told[-1] == "events are published again"


def _settings_of_nobody(folder: Path) -> Settings:
    """Return settings that name a server that is not there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return Settings(home=str(folder), nats_url=f"nats://127.0.0.1:{port}")


@contextlib.contextmanager
def _record_logged(text: str) -> Iterator[threading.Event]:
    """Yield an event that is set once persopt.events logs something with the text in it."""
    logged, logger = threading.Event(), logging.getLogger("persopt.events")

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if text in record.getMessage():
                logged.set()

    listener = Listener()
    logger.addHandler(listener)
    try:
        yield logged
    finally:
        logger.removeHandler(listener)


def test_stop_gives_up_in_time_without_a_server(tmp_path: Path) -> None:
    outbox = MemoryOutbox(make_entries(3))
    relay = Relay(outbox, _settings_of_nobody(tmp_path))
    relay.start()
    assert not relay.stop(flush_seconds=0.1)
    assert outbox.published == []


def test_a_wrong_token_is_told_and_the_outbox_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with run_external_server(tmp_path / "external", "--auth", "sesame") as url:
        outbox = MemoryOutbox(make_entries(3))
        relay = Relay(outbox, Settings(home=str(tmp_path), nats_url=url))
        relay.start()
        assert not relay.stop(flush_seconds=0.5)
    assert "lets nobody in without a token" in caplog.text
    assert len(outbox.pending_events()) == 3


def test_an_outbox_that_cannot_be_read_stops_nothing(settings: Settings) -> None:
    class Locked(MemoryOutbox):
        def __init__(self, entries: Sequence[Entry]) -> None:
            super().__init__(entries)
            self.failures = 2

        def pending_events(self, limit: int = 256) -> Sequence[Entry]:
            if self.failures:
                self.failures -= 1
                raise StoreError("database is locked")
            return super().pending_events(limit)

    outbox = Locked(make_entries(5))
    relay = Relay(outbox, settings)
    relay.start()
    outbox.wait_published(5)
    assert relay.stop()
    assert len(read_stream(settings)) == 5


@pytest.mark.parametrize("seed", range(20))
def test_a_server_killed_at_random_moments_loses_repeats_and_reorders_nothing(settings: Settings, seed: int) -> None:
    rng = random.Random(seed)
    entries = make_entries(500, jobs=3)
    kills = set(rng.sample(range(500), 4))
    killed = []

    def maybe_kill() -> None:
        """Between acknowledgement and mark, once in a while."""
        if rng.random() < 0.05:
            killed.append(kill_server(settings))

    outbox = MemoryOutbox(before_mark=maybe_kill)
    owner = find_or_start_server(settings) if seed % 2 else None  # the server is the relay's or somebody else's
    relay = Relay(outbox, settings)
    relay.start()
    try:
        first = 0
        while first < 500:
            size = rng.randint(1, 60)
            outbox.append(entries[first : first + size])
            relay.wake()
            if kills & set(range(first, first + size)):
                killed.append(kill_server(settings))
            if rng.random() < 0.3:
                outbox.wait_published(min(first + size, 500))
            first += size
        outbox.wait_published(500)
        assert relay.stop()
    finally:
        relay.stop(0)
        if owner is not None:
            with contextlib.suppress(OSError):
                owner.close()
    assert [pid for pid in killed if pid is not None]
    assert sorted(outbox.published) == list(range(1, 501))
    _assert_all_in_order_once(read_stream(settings), entries)
