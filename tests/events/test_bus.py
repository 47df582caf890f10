"""The connection and the stream: what is made, what is refused, and in which words."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import msgspec
import nats
import pytest
from nats.js import api

from persopt.domain.errors import BusError
from persopt.events.acknowledgements import Acknowledgement
from persopt.events.bus import STREAM_NAME, EventBus
from persopt.settings import Settings
from tests.events.outbox import Entry, make_entries
from tests.events.servers import kill_server, read_stream, run_external_server

_SESAME = "sesame"


def _run_with_bus(settings: Settings, work: Any) -> Any:
    async def run() -> Any:
        bus = EventBus(settings)
        try:
            await bus.connect()
            return await work(bus)
        finally:
            await bus.close()

    return asyncio.run(run())


async def _publish(bus: EventBus, entries: Sequence[Entry]) -> list[Acknowledgement]:
    return [await (await bus.publish(entry.event_id, entry.subject, entry.payload)) for entry in entries]


def test_the_stream_keeps_files_with_bounds(settings: Settings) -> None:
    async def look(bus: EventBus) -> api.StreamConfig:
        return (await bus.jetstream.stream_info(STREAM_NAME)).config

    config = _run_with_bus(settings, look)
    assert config.subjects == ["persopt.events.>"]
    assert config.storage == api.StorageType.FILE
    assert config.max_age == 30 * 86_400
    assert config.max_bytes == 2**30
    assert config.duplicate_window >= 600


def test_what_is_published_is_there_with_its_id(settings: Settings) -> None:
    entries = make_entries(3)
    payloads = [entry.payload for entry in entries]
    acknowledgements = _run_with_bus(settings, lambda bus: _publish(bus, entries))
    assert [acknowledgement.sequence for acknowledgement in acknowledgements] == [1, 2, 3]
    stored = read_stream(settings)
    assert [message.data for message in stored] == payloads
    assert [(message.headers or {})["Nats-Msg-Id"] for message in stored] == [
        msgspec.json.decode(payload)["id"] for payload in payloads
    ]


def test_a_repeat_is_acknowledged_and_dropped_also_after_a_kill(settings: Settings) -> None:
    (entry,) = make_entries(1)

    async def twice(bus: EventBus) -> list[bool]:
        first = await (await bus.publish(entry.event_id, entry.subject, entry.payload))
        second = await (await bus.publish(entry.event_id, entry.subject, entry.payload))
        await asyncio.to_thread(kill_server, settings)
        await bus.connect()
        third = await (await bus.publish(entry.event_id, entry.subject, entry.payload))
        return [first.duplicate, second.duplicate, third.duplicate]

    assert _run_with_bus(settings, twice) == [False, True, True]
    assert len(read_stream(settings)) == 1


def test_the_last_event_of_a_job_is_known(settings: Settings) -> None:
    entries = make_entries(4, jobs=2)

    async def ask(bus: EventBus) -> tuple[str | None, str | None]:
        for entry in entries:
            await (await bus.publish(entry.event_id, entry.subject, entry.payload))
        job = entries[0].subject.split(".")[3]
        return await bus.last_event_id(f"persopt.events.tune.{job}.>"), await bus.last_event_id(
            "persopt.events.tune.none.>"
        )

    assert _run_with_bus(settings, ask) == (entries[2].event_id, None)


def test_the_loss_of_the_server_is_seen_at_once_and_mended_by_connecting(settings: Settings) -> None:
    async def lose(bus: EventBus) -> int:
        await _publish(bus, make_entries(2))
        await asyncio.to_thread(kill_server, settings)
        await bus.lost
        assert not bus.is_connected
        with pytest.raises(BusError, match="lost"):
            await bus.publish("id", "persopt.events.tune.x.job.queued", b"{}")
        return (await bus.connect()).last

    assert _run_with_bus(settings, lose) == 2


def _connect_only(settings: Settings) -> None:
    async def nothing(_: EventBus) -> None:
        return None

    _run_with_bus(settings, nothing)


def test_an_external_server_without_a_token(tmp_path: Path) -> None:
    with run_external_server(tmp_path / "external") as url:
        settings = Settings(home=str(tmp_path / "home"), nats_url=url)
        assert len(_run_with_bus(settings, lambda bus: _publish(bus, make_entries(2)))) == 2
        assert len(read_stream(settings)) == 2
    assert not settings.nats.exists()


def test_an_external_server_with_a_token(tmp_path: Path) -> None:
    with run_external_server(tmp_path / "external", "--auth", _SESAME) as url:
        settings = Settings(home=str(tmp_path / "home"), nats_url=url, nats_token=_SESAME)
        assert len(_run_with_bus(settings, lambda bus: _publish(bus, make_entries(2)))) == 2
        in_url = Settings(home=str(tmp_path / "home"), nats_url=url.replace("//", f"//{_SESAME}@"))
        _connect_only(in_url)


@pytest.mark.parametrize(("token", "words"), [("wrong", "with the token that was given"), (None, "without a token")])
def test_a_wrong_token_is_told(tmp_path: Path, token: str | None, words: str) -> None:
    with run_external_server(tmp_path / "external", "--auth", _SESAME) as url:
        settings = Settings(home=str(tmp_path / "home"), nats_url=url, nats_token=token)
        with pytest.raises(BusError, match=f"{url} lets nobody in {words}") as caught:
            _connect_only(settings)
    assert caught.value.faults[0].hint == "set PERSOPT_NATS_TOKEN"


@pytest.mark.parametrize("several", [False, True])
def test_an_unreachable_server_is_told_without_secrets(tmp_path: Path, several: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"nats://secret@127.0.0.1:{port}" + (f",nats://127.0.0.1:{port}" if several else "")
    with pytest.raises(BusError, match=rf"cannot reach .*127\.0\.0\.1:{port}.*[Cc]onnect") as caught:
        _connect_only(Settings(home=str(tmp_path), nats_url=url))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["nats://", "nats://host:port", "nats://127.0.0.1:99999999"])
def test_a_url_that_is_none_is_told(tmp_path: Path, url: str) -> None:
    with pytest.raises(BusError, match="cannot reach"):
        _connect_only(Settings(home=str(tmp_path), nats_url=url))


def test_a_server_without_jetstream_is_told(tmp_path: Path) -> None:
    with (
        run_external_server(tmp_path / "external", jetstream=False) as url,
        pytest.raises(BusError, match="gives no JetStream"),
    ):
        _connect_only(Settings(home=str(tmp_path), nats_url=url))


async def _add_stream(url: str, **config: Any) -> None:
    client = await nats.connect(url)
    await client.jetstream().add_stream(**config)
    await client.close()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"name": STREAM_NAME, "subjects": ["other.>"]}, r"takes the subjects \['other.>'\]"),
        ({"name": "OTHERS", "subjects": ["persopt.>"]}, "refuses the stream PERSOPT_EVENTS: .*overlap"),
    ],
)
def test_a_stream_in_the_way_is_told(tmp_path: Path, config: dict[str, Any], words: str) -> None:
    with run_external_server(tmp_path / "external") as url:
        asyncio.run(_add_stream(url, **config))
        with pytest.raises(BusError, match=words):
            _connect_only(Settings(home=str(tmp_path), nats_url=url))


def test_a_stream_that_an_operator_made_keeps_its_limits(tmp_path: Path) -> None:
    async def look(bus: EventBus) -> float | None:
        return (await bus.jetstream.stream_info(STREAM_NAME)).config.max_age

    with run_external_server(tmp_path / "external") as url:
        asyncio.run(_add_stream(url, name=STREAM_NAME, subjects=["persopt.events.>"], max_age=60))
        assert _run_with_bus(Settings(home=str(tmp_path), nats_url=url), look) == 60


def test_a_cancelled_connect_leaves_no_server(settings: Settings) -> None:
    async def cancel() -> None:
        bus = EventBus(settings)
        connecting = asyncio.create_task(bus.connect())
        await asyncio.sleep(0)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await bus.close()

    work: Coroutine[Any, Any, None] = cancel()
    asyncio.run(work)  # the check for processes left behind does the rest
