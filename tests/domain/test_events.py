"""Events as they go over the wire."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from persopt.domain.errors import Fault
from persopt.domain.events import (
    EVENT_TYPES,
    CloudEvent,
    EventData,
    JobCancelled,
    JobFailed,
    JobProgressed,
    JobQueued,
    JobStarted,
    JobSucceeded,
    TrialFailed,
    TrialReported,
    TrialStarted,
    TrialStopped,
    TrialSucceeded,
    event_subject,
    make_event,
)
from persopt.domain.ids import new_job_id
from persopt.domain.jobs import Progress

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DATA: list[EventData] = [
    JobQueued(name="x"),
    JobStarted(resumes=1),
    JobProgressed(progress=Progress(done=1)),
    JobSucceeded(progress=Progress(), best_params={"x": 1, "y": True}, best_values=[0.5]),
    JobFailed(fault=Fault(message="no")),
    JobCancelled(progress=Progress()),
    TrialStarted(number=0, attempt=1, params={"x": 1.5}),
    TrialReported(number=0, step=3, metrics={"loss": 0.5}),
    TrialStopped(number=0, reason="time-limit"),
    TrialSucceeded(number=0, values=[0.5], metrics={"accuracy": 0.5}),
    TrialFailed(number=0, attempt=1, fault=Fault(message="no"), will_retry=True),
]
WHAT = [
    "job.queued",
    "job.started",
    "job.progress",
    "job.succeeded",
    "job.failed",
    "job.cancelled",
    "trial.started",
    "trial.reported",
    "trial.stopped",
    "trial.succeeded",
    "trial.failed",
]


def test_every_kind_of_event_is_tested_here() -> None:
    assert [type(data) for data in DATA] == list(EVENT_TYPES)


@pytest.mark.parametrize(("data", "what"), list(zip(DATA, WHAT, strict=True)))
def test_an_event_survives_the_wire(data: EventData, what: str) -> None:
    event = make_event("0123456789abcdef0123", 7, NOON, data)
    plain = msgspec.json.decode(event.encode())
    assert plain["specversion"] == "1.0"
    assert plain["type"] == f"persopt.{what}"
    assert plain["source"] == "/persopt/jobs/0123456789abcdef0123"
    assert plain["sequence"] == "0000000007"
    assert plain.get("subject") == ("trial/0" if what.startswith("trial") else None)
    assert plain["time"] == "2026-11-24T12:00:00Z"
    assert msgspec.json.decode(event.encode(), type=CloudEvent) == event


@pytest.mark.parametrize(("data", "what"), list(zip(DATA, WHAT, strict=True)))
def test_the_subject_tells_kind_job_and_what(data: EventData, what: str) -> None:
    job = new_job_id()
    assert event_subject("tune", job, data) == f"persopt.events.tune.{job}.{what}"


def test_no_two_events_have_one_id() -> None:
    assert len({make_event("x", 1, NOON, DATA[0]).id for _ in range(100)}) == 100
