"""The outbox: order, deletion, and that it does not grow without bound."""

from __future__ import annotations

from persopt.domain.jobs import Progress
from persopt.kernel.store import OutboxRow, Store
from tests.kernel.store.records import dump_database, make_job, make_trial, start_job


def test_events_wait_in_order_until_they_are_published(store: Store) -> None:
    first, second = store.create_job(make_job()), store.create_job(make_job())
    rows = store.pending_events()
    assert [row.subject for row in rows] == [f"persopt.events.tune.{job.id}.job.queued" for job in (first, second)]
    assert all(isinstance(row.payload, bytes) for row in rows)
    assert rows[0].position < rows[1].position
    assert store.pending_events(limit=1) == rows[:1]
    assert store.event_lag() == 2
    store.mark_published([rows[0].position])
    assert store.pending_events() == rows[1:]
    assert store.event_lag() == 1


def test_publishing_twice_is_no_error(store: Store) -> None:
    store.create_job(make_job())
    positions = [row.position for row in store.pending_events()]
    store.mark_published(positions)
    store.mark_published(positions)
    store.mark_published([])
    assert store.event_lag() == 0


def test_a_position_is_never_used_again(store: Store) -> None:
    seen: list[OutboxRow] = []
    for _ in range(3):
        store.create_job(make_job())
        rows = store.pending_events()
        store.mark_published([row.position for row in rows])
        seen += rows
    positions = [row.position for row in seen]
    assert positions == sorted(set(positions))


def test_published_events_leave_nothing(store: Store, database_url: str) -> None:
    _, writer = start_job(store)
    for number in range(20):
        writer.start_trial(make_trial(number))
        writer.finish_trial(make_trial(number, "succeeded", values=[1.0]), Progress(done=number))
        store.mark_published([row.position for row in store.pending_events()])
    assert dump_database(database_url)["outbox"] == []


def test_many_events_are_published_at_once(store: Store) -> None:
    _, writer = start_job(store)
    for _ in range(60):
        writer.save_reports([], Progress())
    store.mark_published([row.position for row in store.pending_events(1000)][::-1])
    assert store.event_lag() == 0
