"""One event as one line."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import msgspec

from persopt.cli.output import format_time, format_value
from persopt.domain import events
from persopt.domain.events import CloudEvent, EventData

__all__ = ("format_event", "write_line")


def write_line(line: bytes) -> None:
    """Write a line to standard output at once, so that whoever reads it sees it at once."""
    sys.stdout.flush()
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def format_event(payload: bytes) -> str:
    """Return time, job, and what happened; an event of an unknown type as it is."""
    try:
        event = msgspec.json.decode(payload, type=CloudEvent)
    except msgspec.ValidationError:
        return payload.decode("utf-8", errors="replace")
    job_id = event.source.rpartition("/")[2]
    what = event.type.removeprefix("persopt.").replace(".", " ")
    return f"{format_time(event.time)} {job_id} {what} {_describe(event.data)}".rstrip()


def _describe(data: EventData) -> str:
    if isinstance(data, events.JobQueued):
        return data.name
    if isinstance(data, events.JobProgressed | events.JobCancelled):
        return _describe_progress(data)
    if isinstance(data, events.JobSucceeded):
        return f"best {format_value(data.best_values)} {_pairs(data.best_params or {})}" if data.best_values else ""
    if isinstance(data, events.JobFailed):
        return str(data.fault)
    return "" if isinstance(data, events.JobStarted) else f"{data.number} {_describe_trial(data)}"


def _describe_trial(data: EventData) -> str:
    if isinstance(data, events.TrialStarted):
        return _pairs(data.params)
    if isinstance(data, events.TrialReported):
        return f"step {data.step} {_pairs(data.metrics)}"
    if isinstance(data, events.TrialSucceeded):
        return _pairs(data.metrics)
    if isinstance(data, events.TrialStopped):
        return data.reason
    if isinstance(data, events.TrialFailed):
        return f"{data.fault}{'; it will be run again' if data.will_retry else ''}"
    return ""


def _describe_progress(data: events.JobProgressed | events.JobCancelled) -> str:
    progress = data.progress
    total = "" if progress.total is None else f"/{progress.total}"
    best = "" if progress.best is None else f" best {format_value(progress.best)}"
    return f"{progress.done}{total}{best}"


def _pairs(values: Mapping[str, object]) -> str:
    return " ".join(f"{name}={format_value(value)}" for name, value in values.items())
