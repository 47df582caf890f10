"""A job: something asked for that goes on until it has ended, whatever happens to the processes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.domain.specs import JobSpec

__all__ = ("JOB_KINDS", "JOB_STATES", "TERMINAL_STATES", "JobKind", "JobRecord", "JobState", "Lease", "Progress")

JobKind = Literal["tune", "prune", "quantize", "compare", "compress"]
JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]

JOB_KINDS: tuple[JobKind, ...] = ("tune", "prune", "quantize", "compare", "compress")
JOB_STATES: tuple[JobState, ...] = ("queued", "running", "succeeded", "failed", "cancelled")
TERMINAL_STATES: tuple[JobState, ...] = ("succeeded", "failed", "cancelled")


class Progress(Struct, frozen=True, kw_only=True, rename="camel"):
    """How far a job is.

    Attributes:
        done: Units finished (for tuning: trials that have ended).
        total: Units in all, if known.
        failed: Units among `done` that failed.
        best: Best objective value so far.
        share: Part done of the whole, 0 to 1, running units counted by their own share.
        message: What it does now, in a few words.
    """

    done: int = 0
    total: int | None = None
    failed: int = 0
    best: float | None = None
    share: float | None = None
    message: str = ""


class Lease(Struct, frozen=True, kw_only=True, rename="camel"):
    """Who runs a job: a token that fences its writes, the process, and until when it holds without renewal."""

    token: str
    host: str
    pid: int
    process_started: float
    expires_at: datetime


class JobRecord(Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything that is stored of a job.

    Attributes:
        id: See `persopt.domain.ids`.
        kind: What it does.
        state: Where it is. Only queued and running jobs change.
        spec: What was asked for.
        progress: How far it is.
        fault: Why it failed.
        result: Its report as plain data once it has succeeded (for tuning a `TuneReport`).
        environment: Versions, hardware, threads, hashes of model and data.
        study_attributes: What the sampler keeps with the study.
        resumes: How often it was taken up again after a crash or by `jobs resume`.
        crashes: How often in a row its process died without finishing a trial.
        cancel_requested: Somebody wants it cancelled.
        active_seconds: Time that it has run, all runs together, up to the last stored moment.
    """

    id: str
    kind: JobKind
    state: JobState
    spec: JobSpec
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    progress: Progress = Progress()
    fault: Fault | None = None
    result: dict[str, Any] | None = None
    environment: dict[str, Any] = {}
    study_attributes: dict[str, Any] = {}
    resumes: int = 0
    crashes: int = 0
    cancel_requested: bool = False
    active_seconds: float = 0.0
    lease: Lease | None = None

    @property
    def is_finished(self) -> bool:
        """Whether the job has ended."""
        return self.state in TERMINAL_STATES

    def to_builtins(self) -> dict[str, Any]:
        """Return the record as plain data with camelCase names, as faces show it (without the lease's token)."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        plain.pop("lease", None)
        plain.pop("studyAttributes", None)
        return plain
