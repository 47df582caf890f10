"""A trial: one point of the space, tried."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.domain.space import Params

__all__ = ("TERMINAL_TRIAL_STATES", "Report", "TrialRecord", "TrialState")

TrialState = Literal["running", "succeeded", "failed", "stopped", "cancelled"]

TERMINAL_TRIAL_STATES: tuple[TrialState, ...] = ("succeeded", "failed", "stopped", "cancelled")


class Report(Struct, frozen=True, kw_only=True, rename="camel"):
    """Metrics reported inside a trial.

    Attributes:
        number: Number of the trial.
        step: Optimizer step, or what the program counts; rising within an attempt.
        metrics: Values by name.
        share: How much of the trial is done, 0 to 1, if the program knows.
    """

    number: int
    step: int
    metrics: dict[str, float]
    share: float | None = None


class TrialRecord(Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything that is stored of a trial.

    Attributes:
        number: Counts from 0 within the job, without gaps.
        state: Where it is; `stopped` was ended early by a limit or by an early-stopping rule.
        params: The point.
        attempt: 1 for the first run; higher when it was run again after a passing fault.
        values: The objectives' values in their order; empty unless succeeded (or stopped, if known).
        metrics: All metrics at the end.
        attributes: What the sampler keeps with the trial (Optuna's system attributes).
        fault: Why it failed, or was stopped.
        seconds: Wall time of the last attempt.
        checkpoint: Folder of the trained model, relative to the job's folder, while it is kept.
    """

    number: int
    state: TrialState
    params: Params
    attempt: int = 1
    values: list[float] = []
    metrics: dict[str, float] = {}
    attributes: dict[str, Any] = {}
    fault: Fault | None = None
    seconds: float | None = None
    checkpoint: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
