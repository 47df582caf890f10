"""The relay over the real store: from a job's transactions to its subscribers, over the death of processes."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import msgspec

from persopt.domain.events import CloudEvent
from persopt.domain.ids import new_job_id
from persopt.domain.jobs import JobRecord, Lease, Progress
from persopt.domain.specs import TuneSpec
from persopt.domain.trials import Report, TrialRecord
from persopt.events.follow import FollowedEvent, follow_events
from persopt.events.relay import Relay
from persopt.kernel.store import Store
from persopt.settings import Settings
from tests.events.servers import kill_server, read_stream

_TRIALS = 10
_EVENTS_A_JOB = 2 + 4 * _TRIALS + 1  # queued, started; per trial started, reported, progress, succeeded; end
_DYING_RELAY = """
import os, sys, threading
from persopt.events.relay import Relay
from persopt.kernel.store import Store
from persopt.settings import Settings
settings = Settings(home=sys.argv[1])
class Dying:
    def __init__(self, store):
        self.store, self.left = store, int(sys.argv[2])
    def pending_events(self, limit=256):
        return self.store.pending_events(min(limit, 7))
    def mark_published(self, positions):
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), 9)  # between acknowledgement and mark
        self.store.mark_published(positions)
relay = Relay(Dying(Store.open(settings.store_url)), settings)
relay.start()
threading.Event().wait()
"""


def _run_job(store: Store) -> str:
    """Let a job go through its life as a job process does, without any training."""
    now = datetime.now(UTC)
    job = store.create_job(
        JobRecord(id=new_job_id(), kind="tune", state="queued", spec=TuneSpec(name="آزمون"), created_at=now)
    )
    lease = Lease(token=job.id, host="here", pid=1, process_started=0.0, expires_at=now + timedelta(minutes=5))
    assert store.claim_job(lease, job_id=job.id) is not None
    writer = store.writer(job.id, lease.token, 300.0)
    for number in range(_TRIALS):
        progress = Progress(done=number, total=_TRIALS)
        trial = TrialRecord(number=number, state="running", params={"x": number})
        writer.start_trial(trial)
        writer.save_reports([Report(number=number, step=1, metrics={"loss": 0.5})], progress)
        writer.finish_trial(msgspec.structs.replace(trial, state="succeeded", values=[1.0]), progress)
    writer.succeed({}, Progress(done=_TRIALS, total=_TRIALS), None, 1.0)
    return job.id


def _count_events(store: Store) -> int:
    return len(store.pending_events(100_000))


def _assert_whole(payloads: Sequence[bytes], job_ids: Sequence[str], total: int) -> None:
    """Each job's events are all there, once, in the order of their sequence, first queued, last succeeded."""
    events = [msgspec.json.decode(payload, type=CloudEvent) for payload in payloads]
    assert len(events) == total
    for job_id in job_ids:
        own = [event for event in events if event.source == f"/persopt/jobs/{job_id}"]
        assert [int(event.sequence) for event in own] == list(range(1, len(own) + 1))
        assert (own[0].type, own[-1].type) == ("persopt.job.queued", "persopt.job.succeeded")


def test_jobs_that_run_at_the_same_time_are_followed_whole(settings: Settings) -> None:
    with Store.open(settings.store_url) as store, follow_events(settings) as events:
        relay = Relay(store, settings)
        relay.start()
        with ThreadPoolExecutor(3) as pool:
            job_ids = list(pool.map(lambda _: _run_job(store), range(3)))
        seen: list[FollowedEvent] = []
        for event in events:
            seen.append(event)
            if event.subject.endswith("job.succeeded") and len(finished := _finished(seen)) == len(job_ids):
                break
        assert finished == set(job_ids)
        assert relay.stop()
        assert store.event_lag() == 0
        _assert_whole([event.payload for event in seen], job_ids, 3 * _events_of(seen, job_ids[0]))


def _finished(seen: Sequence[FollowedEvent]) -> set[str]:
    return {event.subject.split(".")[3] for event in seen if event.subject.endswith("job.succeeded")}


def _events_of(seen: Sequence[FollowedEvent], job_id: str) -> int:
    return sum(event.subject.split(".")[3] == job_id for event in seen)


def test_jobs_never_notice_that_the_server_is_killed(settings: Settings) -> None:
    with Store.open(settings.store_url) as store:
        relay = Relay(store, settings)
        relay.start()
        job_ids = []
        for _ in range(4):
            job_ids.append(_run_job(store))
            kill_server(settings)
        assert relay.stop(flush_seconds=60)
        stored = [message.data or b"" for message in read_stream(settings)]
        _assert_whole(stored, job_ids, len({msgspec.json.decode(payload)["id"] for payload in stored}))
        assert len(stored) == 4 * len([payload for payload in stored if job_ids[0].encode() in payload])


def test_processes_killed_between_acknowledgement_and_mark_lose_and_repeat_nothing(settings: Settings) -> None:
    with Store.open(settings.store_url) as store:
        job_ids = [_run_job(store), _run_job(store)]
        total = _count_events(store)
        for marks in (0, 1, 2):
            command = [sys.executable, "-c", _DYING_RELAY, str(settings.workspace), str(marks)]
            done = subprocess.run(command, timeout=100, check=False)
            assert done.returncode == -9
        assert 0 < _count_events(store) < total
        relay = Relay(store, settings)
        relay.start()
        assert relay.stop(flush_seconds=60)
        with follow_events(settings, start="all") as events:
            _assert_whole([event.payload for event in itertools.islice(events, total)], job_ids, total)
        assert len(read_stream(settings)) == total
