"""Events over HTTP: live, filtered, resumed without loss or repeat, and never more than the window in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from persopt.domain.events import CloudEvent
from persopt.events.follow import follow_events
from persopt.runtime import Runtime
from persopt.server.event_hub import EventFilter, EventHub
from persopt.server.options import ServerOptions
from tests.events.servers import kill_server
from tests.server.serving import API, add_job, add_trials, serve


def read_events(lines: Iterator[str], count: int) -> list[tuple[int, str, dict[str, Any]]]:
    """Return as many events as (id, type, data)."""
    found: list[tuple[int, str, dict[str, Any]]] = []
    one: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        one[name] = value
        if line == "" and "data" in one:
            found.append((int(one["id"]), one["event"], json.loads(one["data"])))
            one = {}
            if len(found) == count:
                break
    return found


def stored(runtime: Runtime, count: int, **chosen: Any) -> list[tuple[int, bytes]]:
    """Return what the stream itself holds, read without the server."""
    with follow_events(runtime.settings, start="all", **chosen) as events:
        return [(event.stream_sequence, event.payload) for _, event in zip(range(count), events, strict=False)]


def test_events_come_live_and_as_they_were_published(runtime: Runtime) -> None:
    with runtime.relaying(), serve(runtime) as client:
        with client.stream("GET", f"{API}/events") as answer:
            lines = answer.iter_lines()
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert next(lines) == "retry: 2000"
            job = add_job(runtime)
            runtime.kernel.cancel(job.id)
            found = read_events(lines, 2)
        assert [kind for _, kind, _ in found] == ["persopt.job.queued", "persopt.job.cancelled"]
        assert [data["source"] for _, _, data in found] == [f"/persopt/jobs/{job.id}"] * 2
        assert [(place, json.loads(payload)) for place, payload in stored(runtime, 2)] == [
            (place, data) for place, _, data in found
        ]


def test_a_reader_goes_on_where_it_was_over_restarts_of_both_servers(runtime: Runtime) -> None:
    job = add_job(runtime)
    seen: list[tuple[int, str, dict[str, Any]]] = []

    def read(client: httpx.Client, count: int) -> None:
        headers = {"Last-Event-ID": str(seen[-1][0])} if seen else {}
        with client.stream("GET", f"{API}/events", params={"start": "all"}, headers=headers) as answer:
            seen.extend(read_events(answer.iter_lines(), count))

    with runtime.relaying():
        with serve(runtime) as client:
            add_trials(runtime, job, 10)
            read(client, 5)
        add_job(runtime, 2)  # while no HTTP server is there
        with serve(runtime) as client:
            read(client, 3)
            kill_server(runtime.settings)
            read(client, 4)
            add_job(runtime, 3)
            read(client, 2)
    assert [place for place, _, _ in seen] == list(range(1, 15))
    assert len({data["id"] for _, _, data in seen}) == 14


def test_events_are_filtered_by_job_and_kind(runtime: Runtime) -> None:
    first, second = add_job(runtime, 1), add_job(runtime, 2)
    add_trials(runtime, second, 3)
    runtime.kernel.cancel(first.id)
    with runtime.relaying(), serve(runtime) as client:
        params = {"job": first.id, "kind": "tune", "start": "all"}
        with client.stream("GET", f"{API}/events", params=params) as answer:
            found = read_events(answer.iter_lines(), 2)
        assert [kind for _, kind, _ in found] == ["persopt.job.queued", "persopt.job.cancelled"]
        assert {data["source"] for _, _, data in found} == {f"/persopt/jobs/{first.id}"}


def test_a_quiet_stream_beats_and_ends_with_the_server(runtime: Runtime) -> None:
    with (
        serve(runtime, ServerOptions(heartbeat_seconds=0.05)) as client,
        client.stream("GET", f"{API}/events", params={"kind": "compress"}) as answer,
    ):
        lines = answer.iter_lines()
        assert [next(lines) for _ in range(4)][2] == ": heartbeat"


def test_a_stream_ends_after_so_many_events_or_seconds(runtime: Runtime) -> None:
    job = add_job(runtime)
    add_trials(runtime, job, 6)
    with runtime.relaying(), serve(runtime) as client:
        with client.stream("GET", f"{API}/events", params={"start": "all", "limit": 3}) as answer:
            assert [place for place, _, _ in read_events(answer.iter_lines(), 99)] == [1, 2, 3]
        with client.stream("GET", f"{API}/events", params={"start": "all", "seconds": 0}) as answer:
            assert [place for place, _, _ in read_events(answer.iter_lines(), 99)] == list(range(1, 9))
        assert client.get(f"{API}/events", params={"seconds": 0.01}).text == "retry: 2000\n\n"
        for wrong in ({"limit": 0}, {"seconds": -1}, {"seconds": "NaN"}, {"limit": "1.5"}):
            assert client.get(f"{API}/events", params=wrong).status_code == 422


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "1" * 40])
def test_an_id_that_no_event_has_is_refused(client: httpx.Client, given: str) -> None:
    assert client.get(f"{API}/events", headers={"Last-Event-ID": given}).status_code == 400
    assert client.get(f"{API}/events", params={"job": "feedfeedfeed"}).status_code == 404
    assert client.get(f"{API}/events", params={"kind": "tunes"}).status_code == 422


def test_a_reader_slower_than_the_window_misses_nothing(runtime: Runtime) -> None:
    """The reader takes one event at a time while a hundred come; the window holds four."""

    async def read() -> list[int]:
        async with EventHub(runtime.settings, most=4) as hub:
            place = await hub.place(None)
            job = await asyncio.to_thread(add_job, runtime)
            await asyncio.to_thread(add_trials, runtime, job, 98)
            found: list[int] = []
            reader = hub.read(EventFilter(job.id), place)
            while len(found) < 100:
                events = await reader.next(0.2)
                assert events is not None
                found += [int(msgspec.json.decode(event.payload, type=CloudEvent).sequence) for event in events]
                assert len(hub._window) <= 4
            reader.close()
            return found

    with runtime.relaying():
        assert asyncio.run(read()) == list(range(1, 101))


def test_a_window_never_holds_more_bytes_than_it_may(tmp_path: Path) -> None:
    from persopt.events.follower import FollowedEvent
    from persopt.settings import Settings

    async def fill() -> int:
        hub = EventHub(Settings(home=str(tmp_path)))
        hub._news = asyncio.Event()
        for number in range(1, 40):
            hub._take([FollowedEvent(stream_sequence=number, subject="a.b.c.d.e", payload=bytes(1 << 20))])
        return sum(len(event.payload) for event in hub._window)

    assert asyncio.run(fill()) == 16 << 20
