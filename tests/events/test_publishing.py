"""What a batch does when the stream is not as it should be."""

from __future__ import annotations

import asyncio
import itertools

from persopt.events.bus import STREAM_NAME, EventBus
from persopt.events.publishing import OutboxPublisher
from persopt.settings import Settings
from tests.events.outbox import MemoryOutbox, make_entries
from tests.events.servers import event_ids, read_stream


def test_what_is_in_the_stream_already_is_found_without_the_duplicate_window(settings: Settings) -> None:
    entries = make_entries(10, jobs=2)
    outbox = MemoryOutbox(entries)

    async def publish() -> None:
        bus = EventBus(settings)
        try:
            await bus.connect()
            for entry in entries[:5]:
                await (await bus.publish(entry.event_id, entry.subject, entry.payload))
            config = (await bus.jetstream.stream_info(STREAM_NAME)).config
            await bus.jetstream.update_stream(config, sealed=True)  # from now on not even a repeat is answered
            assert await OutboxPublisher(outbox, bus).publish_pending() == 5
        finally:
            await bus.close()

    asyncio.run(publish())
    assert sorted(outbox.published) == [1, 2, 3, 4, 5]


def test_an_event_that_is_refused_lets_none_after_it_through(settings: Settings) -> None:
    """The chain: the stream's last event is another one than the batch's second names, from the third on."""
    entries = make_entries(20)
    stranger = make_entries(1, first=99)[0]
    outbox = MemoryOutbox(entries)

    async def publish() -> list[int]:
        bus, other = EventBus(settings), EventBus(settings)
        try:
            await bus.connect()
            await other.connect()
            first = await bus.publish(entries[0].event_id, entries[0].subject, entries[0].payload)
            await first
            await (await other.publish(stranger.event_id, stranger.subject, stranger.payload))
            later = [
                await bus.publish(entry.event_id, entry.subject, entry.payload, after=before.event_id)
                for before, entry in itertools.pairwise(entries)
            ]
            refused = await asyncio.gather(*later, return_exceptions=True)
            assert {getattr(refusal, "reason_code", None) for refusal in refused} == {10070}
            publisher, counts = OutboxPublisher(outbox, bus), []
            while count := await publisher.publish_pending():
                counts.append(count)
            return counts
        finally:
            await other.close()
            await bus.close()

    assert sum(asyncio.run(publish())) == 20
    assert event_ids(read_stream(settings)) == [
        entries[0].event_id,
        stranger.event_id,
        *(entry.event_id for entry in entries[1:]),
    ]
