"""Events: CloudEvents 1.0 in JSON, their types, their data, their NATS subjects.

Every event of a job carries `sequence`, which counts from 1 within the job without gaps, so that a subscriber
can tell that it has seen everything (CloudEvents extension "sequence").
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

from persopt.domain.errors import Fault
from persopt.domain.ids import new_event_id
from persopt.domain.jobs import JobKind, Progress
from persopt.domain.space import Params

__all__ = (
    "EVENT_TYPES",
    "STREAM_SUBJECTS",
    "CloudEvent",
    "EventData",
    "JobCancelled",
    "JobFailed",
    "JobProgressed",
    "JobQueued",
    "JobStarted",
    "JobSucceeded",
    "TrialFailed",
    "TrialReported",
    "TrialStarted",
    "TrialStopped",
    "TrialSucceeded",
    "event_subject",
    "make_event",
)

STREAM_SUBJECTS: Final = "persopt.events.>"


class JobQueued(Struct, frozen=True, kw_only=True, rename="camel", tag="persopt.job.queued"):
    """A job was accepted, or queued again by `jobs resume` or after a crash."""

    name: str
    resumes: int = 0


class JobStarted(Struct, frozen=True, kw_only=True, rename="camel", tag="persopt.job.started"):
    """A process has begun to run the job."""

    resumes: int = 0


class JobProgressed(Struct, frozen=True, kw_only=True, rename="camel", tag="persopt.job.progress"):
    """The job is further than before."""

    progress: Progress


class JobSucceeded(Struct, frozen=True, kw_only=True, rename="camel", tag="persopt.job.succeeded"):
    """The job has its result; it is in the store and in the job's folder."""

    progress: Progress
    best_params: Params | None = None
    best_values: list[float] = []


class JobFailed(Struct, frozen=True, kw_only=True, rename="camel", tag="persopt.job.failed"):
    """The job ended without a result."""

    fault: Fault


class JobCancelled(Struct, frozen=True, kw_only=True, rename="camel", tag="persopt.job.cancelled"):
    """The job was ended because somebody asked for it; what had finished is kept."""

    progress: Progress


class TrialStarted(Struct, frozen=True, kw_only=True, rename="camel", tag="persopt.trial.started"):
    """A trial was handed to a worker."""

    number: int
    attempt: int
    params: Params


class TrialReported(Struct, frozen=True, kw_only=True, rename="camel", tag="persopt.trial.reported"):
    """A trial reported metrics from inside."""

    number: int
    step: int
    metrics: dict[str, float]


class TrialStopped(Struct, frozen=True, kw_only=True, rename="camel", tag="persopt.trial.stopped"):
    """A trial was ended before its end by a limit, a rule, or the job's cancellation."""

    number: int
    reason: str
    values: list[float] = []


class TrialSucceeded(Struct, frozen=True, kw_only=True, rename="camel", tag="persopt.trial.succeeded"):
    """A trial has its values."""

    number: int
    values: list[float]
    metrics: dict[str, float]
    seconds: float | None = None


class TrialFailed(Struct, frozen=True, kw_only=True, rename="camel", tag="persopt.trial.failed"):
    """An attempt of a trial failed."""

    number: int
    attempt: int
    fault: Fault
    will_retry: bool = False


EventData: TypeAlias = (
    JobQueued
    | JobStarted
    | JobProgressed
    | JobSucceeded
    | JobFailed
    | JobCancelled
    | TrialStarted
    | TrialReported
    | TrialStopped
    | TrialSucceeded
    | TrialFailed
)

EVENT_TYPES: Final[tuple[type[EventData], ...]] = (
    JobQueued,
    JobStarted,
    JobProgressed,
    JobSucceeded,
    JobFailed,
    JobCancelled,
    TrialStarted,
    TrialReported,
    TrialStopped,
    TrialSucceeded,
    TrialFailed,
)


class CloudEvent(Struct, frozen=True, kw_only=True):
    """One event as it goes over the wire (`application/cloudevents+json`).

    Attributes:
        id: Unique; also the `Nats-Msg-Id`, by which JetStream drops repeats.
        type: One of the `persopt.*` types.
        source: `/persopt/jobs/<job id>`.
        time: When it happened (UTC).
        sequence: Position among the events of the job, from 1, as ten digits.
        data: What happened.
        subject: `trial/<number>` of a trial's events; those of a job have none (CloudEvents has no empty ones).
    """

    id: str
    type: str
    source: str
    time: datetime
    sequence: str
    data: EventData
    subject: str | UnsetType = UNSET
    specversion: str = "1.0"
    datacontenttype: str = "application/json"

    def encode(self) -> bytes:
        """Return the JSON bytes."""
        return msgspec.json.encode(self)


def make_event(job_id: str, sequence: int, time: datetime, data: EventData) -> CloudEvent:
    """Build the event that tells of `data`."""
    return CloudEvent(
        id=new_event_id(),
        type=event_type(type(data)),
        source=f"/persopt/jobs/{job_id}",
        time=time,
        sequence=f"{sequence:010d}",
        data=data,
        subject=f"trial/{data.number}" if hasattr(data, "number") else UNSET,
    )


def event_type(kind: type[EventData]) -> str:
    """Return the CloudEvents type of a kind of data."""
    return str(kind.__struct_config__.tag)


def event_subject(kind: JobKind, job_id: str, data: EventData) -> str:
    """Return the NATS subject: `persopt.events.<kind>.<job id>.<what>`, what being `job.queued` and so on."""
    return f"persopt.events.{kind}.{job_id}.{event_type(type(data)).removeprefix('persopt.')}"
