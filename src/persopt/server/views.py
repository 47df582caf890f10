"""What the answers hold: the domain's records as the API shows them, without what is internal."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from persopt.domain.errors import Fault
from persopt.domain.ids import ID_PATTERN
from persopt.domain.jobs import JobKind, JobRecord, JobState, Progress
from persopt.domain.space import Params
from persopt.domain.specs import JobSpec
from persopt.domain.trials import TrialRecord, TrialState

__all__ = ("JobList", "JobView", "TrialList", "TrialView", "view_job", "view_trial")


class JobView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A job: what was asked for, how far it is, what came out."""

    id: Annotated[str, Meta(pattern=ID_PATTERN, description="Sorts by the time of creation.")]
    kind: Annotated[JobKind, Meta(description="What the job does.")]
    state: Annotated[JobState, Meta(description="Only queued and running jobs change.")]
    spec: Annotated[JobSpec, Meta(description="What was asked for, with what was detected.")]
    created_at: Annotated[datetime, Meta(description="When it was accepted (UTC).")]
    started_at: Annotated[datetime | None, Meta(description="When it first began to run.")] = None
    finished_at: Annotated[datetime | None, Meta(description="When it ended.")] = None
    progress: Annotated[Progress, Meta(description="How far it is.")] = Progress()
    fault: Annotated[Fault | None, Meta(description="Why it failed.")] = None
    result: Annotated[dict[str, Any] | None, Meta(description="The short form of its report, once succeeded.")] = None
    environment: Annotated[dict[str, Any], Meta(description="Versions, hardware, threads, hashes.")] = {}
    resumes: Annotated[int, Meta(description="How often it was taken up again.")] = 0
    crashes: Annotated[int, Meta(description="How often in a row its process died without progress.")] = 0
    cancel_requested: Annotated[bool, Meta(description="Somebody wants it to end.")] = False
    active_seconds: Annotated[float, Meta(description="Seconds that it has run.")] = 0.0


class JobList(Struct, frozen=True, kw_only=True):
    """Jobs, the newest first."""

    jobs: list[JobView]
    total: Annotated[int, Meta(description="How many there are in all, on all pages.")]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null on the last.")] = None


class TrialView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A trial: one point of the space, tried. Values that are not finite are null."""

    number: Annotated[int, Meta(ge=0, description="Counts from 0 within the job.")]
    state: Annotated[TrialState, Meta(description="`stopped`: ended early by a limit or a rule.")]
    params: Annotated[Params, Meta(description="The point.")]
    attempt: Annotated[int, Meta(description="1, or more if it was run again after a passing fault.")] = 1
    values: Annotated[list[float | None], Meta(description="The objectives' values in their order.")] = []
    metrics: Annotated[dict[str, float | None], Meta(description="All metrics at the end.")] = {}
    fault: Annotated[Fault | None, Meta(description="Why it failed, or was stopped.")] = None
    seconds: Annotated[float | None, Meta(description="Wall time of the last attempt.")] = None
    checkpoint: Annotated[str | None, Meta(description="Folder of its model in the job's folder, if kept.")] = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class TrialList(Struct, frozen=True, kw_only=True):
    """Trials by number."""

    trials: list[TrialView]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null on the last.")] = None


def view_job(job: JobRecord) -> JobView:
    """Return a job as the API shows it: without the lease and what the sampler keeps."""
    return JobView(**{name: getattr(job, name) for name in JobView.__struct_fields__})


def view_trial(trial: TrialRecord) -> TrialView:
    """Return a trial as the API shows it, without what the sampler keeps."""
    return msgspec.convert(trial, TrialView, from_attributes=True)
