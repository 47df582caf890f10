"""Followers see everything, in order, once, whatever happens to the server."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from persopt.domain.errors import BusError, InputError
from persopt.domain.events import CloudEvent
from persopt.events.bus import STREAM_NAME, EventBus
from persopt.events.embedded import find_or_start_server
from persopt.events.follow import FollowedEvent, afollow_events, follow_events
from persopt.events.relay import Relay
from persopt.settings import Settings
from tests.events.outbox import Entry, MemoryOutbox, make_entries
from tests.events.servers import kill_server, run_external_server


@contextlib.contextmanager
def _relaying(settings: Settings, entries: Sequence[Entry] = ()) -> Iterator[MemoryOutbox]:
    """Relay an outbox, whose first entries are published when the block begins."""
    outbox = MemoryOutbox(entries)
    relay = Relay(outbox, settings)
    relay.start()
    try:
        outbox.wait_published(len(entries))
        yield outbox
        assert relay.stop()
    finally:
        relay.stop(0)


def _positions(events: Iterable[FollowedEvent]) -> list[object]:
    return [msgspec.json.decode(event.payload)["data"]["params"]["x"] for event in events]


def test_all_events_come_in_order_and_as_they_were_published(settings: Settings) -> None:
    entries = make_entries(600, jobs=3)
    with _relaying(settings, entries), follow_events(settings, start="all") as events:
        seen = list(itertools.islice(events, 600))
    assert [event.payload for event in seen] == [entry.payload for entry in entries]
    assert [event.subject for event in seen] == [entry.subject for entry in entries]
    assert [event.stream_sequence for event in seen] == list(range(1, 601))
    assert msgspec.json.decode(seen[0].payload, type=CloudEvent).type == "persopt.trial.started"


def test_new_means_after_the_call(settings: Settings) -> None:
    with _relaying(settings, make_entries(5)) as outbox, follow_events(settings) as events:
        outbox.append(make_entries(3, first=6))
        assert _positions(itertools.islice(events, 3)) == [6, 7, 8]


@pytest.mark.parametrize(("start", "expected"), [(0, [1, 2, 3]), (3, [4, 5, 6]), (99, [7, 8])])
def test_a_number_means_after_that_event(settings: Settings, start: int, expected: list[int]) -> None:
    with _relaying(settings, make_entries(6)) as outbox, follow_events(settings, start=start) as events:
        outbox.append(make_entries(2, first=7))
        assert _positions(itertools.islice(events, len(expected))) == expected


def test_only_the_events_of_a_job_or_kind_are_given(settings: Settings) -> None:
    entries = make_entries(9, jobs=3)
    job = entries[1].subject.split(".")[3]
    prune = msgspec.structs.replace(entries[0], position=10, event_id="p", subject="persopt.events.prune.x.job.queued")
    with _relaying(settings, [*entries, prune]):
        with follow_events(settings, job_id=job, start="all") as events:
            assert _positions(itertools.islice(events, 3)) == [2, 5, 8]
        with follow_events(settings, kind="prune", start="all") as events:
            assert next(events).subject == prune.subject


@pytest.mark.parametrize("job_id", ["", "*", "a.b", ">", "a b"])
def test_a_job_id_that_cannot_be_one_is_refused(settings: Settings, job_id: str) -> None:
    with pytest.raises(InputError, match="expected a job's id"):
        follow_events(settings, job_id=job_id)


def test_a_negative_start_is_refused(settings: Settings) -> None:
    with pytest.raises(InputError, match="stream sequence of 0 or more, got -1"):
        follow_events(settings, start=-1)


def test_an_unreachable_server_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BusError, match="cannot reach"):
        follow_events(Settings(home=str(tmp_path), nats_url="nats://127.0.0.1:1"))


def test_stop_ends_a_follower_that_waits(settings: Settings) -> None:
    stop = threading.Event()
    with _relaying(settings, make_entries(1)):
        events = follow_events(settings, start="all", stop=stop)
        assert _positions([next(events)]) == [1]
        seen: list[FollowedEvent] = []
        waiting = threading.Thread(target=lambda: seen.extend(events))
        waiting.start()
        stop.set()
        waiting.join(60)
        assert not waiting.is_alive()
        assert seen == []
        assert list(events) == []
        events.close()


def test_a_follower_that_is_forgotten_leaves_nothing(settings: Settings) -> None:
    for event in follow_events_after_publishing(settings):
        assert event.stream_sequence == 1
        break  # no close: the check for what is left behind does the rest


def follow_events_after_publishing(settings: Settings) -> Iterable[FollowedEvent]:
    with _relaying(settings, make_entries(2)):
        pass
    return follow_events(settings, start="all")


def test_a_follower_alone_starts_the_server_and_stops_it(settings: Settings) -> None:
    with _relaying(settings, make_entries(3)):
        pass
    with follow_events(settings, start="all") as events:
        assert _positions(itertools.islice(events, 3)) == [1, 2, 3]
        assert find_or_start_server(settings).process is None
    address = find_or_start_server(settings)
    assert address.process is not None
    address.close()


def test_a_follower_survives_the_end_of_the_process_that_started_the_server(settings: Settings) -> None:
    with _relaying(settings, make_entries(2)):
        events = follow_events(settings, start="all")
        assert _positions(itertools.islice(events, 2)) == [1, 2]
    with _relaying(settings, make_entries(2, first=3)):
        assert _positions(itertools.islice(events, 2)) == [3, 4]
    events.close()


@pytest.mark.parametrize("seed", range(5))
def test_a_server_killed_at_random_moments_costs_a_follower_nothing(settings: Settings, seed: int) -> None:
    rng = random.Random(seed)
    entries = make_entries(500, jobs=3)
    kills = set(rng.sample(range(1, 500), 4))
    with follow_events(settings) as events, _relaying(settings) as outbox:
        outbox.append(entries)
        seen = []
        for event in itertools.islice(events, 500):
            seen.append(event)
            if len(seen) in kills:
                assert kill_server(settings) is not None or len(seen) > 1
    assert [event.payload for event in seen] == [entry.payload for entry in entries]
    assert [event.stream_sequence for event in seen] == list(range(1, 501))


def test_a_stream_made_anew_is_followed_from_its_start(settings: Settings) -> None:
    async def make_anew() -> None:
        bus = EventBus(settings)
        await bus.connect()
        await bus.jetstream.delete_stream(STREAM_NAME)
        await bus.ensure_stream()
        await bus.close()

    with _relaying(settings, make_entries(5)) as outbox, follow_events(settings, start="all") as events:
        assert _positions(itertools.islice(events, 5)) == [1, 2, 3, 4, 5]
        asyncio.run(make_anew())
        outbox.append(make_entries(2, first=6))
        outbox.wait_published(7)
        kill_server(settings)
        assert _positions(itertools.islice(events, 2)) == [6, 7]


def test_a_loop_slower_than_the_events_loses_none(settings: Settings) -> None:
    entries = make_entries(3000)
    with follow_events(settings) as events, _relaying(settings, entries):  # all are there before the first is taken
        assert _positions(itertools.islice(events, 3000)) == list(range(1, 3001))


@pytest.mark.parametrize("word", [None, "sesame"])
def test_an_external_server_is_followed_over_its_restart(tmp_path: Path, word: str | None) -> None:
    arguments = ["--auth", word] if word else []
    with run_external_server(tmp_path / "external", *arguments) as url:
        settings = Settings(home=str(tmp_path / "home"), nats_url=url, nats_token=word)
        relay_first = MemoryOutbox(make_entries(3))
        relay = Relay(relay_first, settings)
        relay.start()
        events = follow_events(settings, start="all")
        assert _positions(itertools.islice(events, 3)) == [1, 2, 3]
    port = int(url.rpartition(":")[2])
    relay_first.append(make_entries(3, first=4))
    with run_external_server(tmp_path / "external", *arguments, port=port):
        assert _positions(itertools.islice(events, 3)) == [4, 5, 6]
        events.close()
        assert relay.stop()


def test_asynchronous_code_follows_too(settings: Settings) -> None:
    async def take(events: AsyncIterator[FollowedEvent], count: int) -> list[FollowedEvent]:
        return [await anext(events) for _ in range(count)]

    async def follow() -> list[FollowedEvent]:
        async with contextlib.aclosing(afollow_events(settings, start="all")) as events:
            first = await take(events, 2)
            outbox.append(make_entries(2, first=3))
            await asyncio.to_thread(kill_server, settings)
            return first + await take(events, 2)

    with _relaying(settings, make_entries(2)) as outbox:
        assert _positions(asyncio.run(follow())) == [1, 2, 3, 4]


def test_a_cancelled_wait_loses_nothing(settings: Settings) -> None:
    async def follow() -> list[FollowedEvent]:
        async with contextlib.aclosing(afollow_events(settings, start="all")) as events:
            seen = [await anext(events)]
            waiting = asyncio.ensure_future(anext(events))
            await asyncio.wait((waiting,), timeout=0)
            outbox.append(make_entries(1, first=2))
            return [*seen, await waiting]

    with _relaying(settings, make_entries(1)) as outbox:
        assert _positions(asyncio.run(follow())) == [1, 2]
