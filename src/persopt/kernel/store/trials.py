"""Trials and their reports: rows to records and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Insert, RowMapping, Table, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from persopt.domain.errors import Fault, NotFoundError
from persopt.domain.events import EventData, TrialFailed, TrialStopped, TrialSucceeded
from persopt.domain.trials import Report, TrialRecord, TrialState
from persopt.kernel.store.schema import reports, trials

__all__ = (
    "delete_reports",
    "describe_end",
    "end_running_trials",
    "list_reports",
    "list_trials",
    "put_reports",
    "put_trial",
    "set_checkpoint",
)


def _upserts(table: Table) -> dict[str, Insert]:
    """Return, by name of the dialect, the statement that inserts a row or overwrites the one of the same key."""
    keys = [column.name for column in table.primary_key]
    statements: dict[str, Insert] = {}
    for dialect in (sqlite, postgresql):
        statement = dialect.insert(table)
        rest = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
        statements[dialect.base.dialect.name] = statement.on_conflict_do_update(index_elements=keys, set_=rest)
    return statements


_PUT_TRIAL: Final = _upserts(trials)
_PUT_REPORT: Final = _upserts(reports)
_DELETE_REPORTS: Final = delete(reports).where(
    reports.c.job_id == bindparam("of_job"), reports.c.number == bindparam("of_number")
)
_DERIVED: Final = ("job_id", "value", "accuracy")
_COLUMNS: Final = tuple(column for column in trials.columns if column.name not in _DERIVED)


def put_trial(connection: Connection, job_id: str, trial: TrialRecord) -> None:
    """Insert a trial, or overwrite it as a whole."""
    connection.execute(_PUT_TRIAL[connection.dialect.name], _to_row(job_id, trial))


def put_reports(connection: Connection, job_id: str, given: Sequence[Report]) -> None:
    """Insert reports of trials that exist; one of the same trial and step is overwritten."""
    rows = [
        {"job_id": job_id, "number": one.number, "step": one.step, "metrics": one.metrics, "share": one.share}
        for one in given
    ]
    if rows:
        connection.execute(_PUT_REPORT[connection.dialect.name], rows)


def delete_reports(connection: Connection, job_id: str, number: int) -> None:
    """Delete the reports of a trial."""
    connection.execute(_DELETE_REPORTS, {"of_job": job_id, "of_number": number})


def set_checkpoint(connection: Connection, job_id: str, number: int, checkpoint: str | None) -> None:
    """Store where a trial's model lies, or that there is none; raise NotFoundError if there is no such trial."""
    key = (trials.c.job_id == job_id, trials.c.number == number)
    if connection.execute(update(trials).where(*key).values(checkpoint=checkpoint)).rowcount == 0:
        raise NotFoundError(f"job {job_id} has no trial {number}")


def list_trials(
    connection: Connection,
    job_id: str,
    states: Sequence[TrialState],
    limit: int | None,
    offset: int,
    after: int | None = None,
) -> list[TrialRecord]:
    """Return trials of a job by number, only those above `after`."""
    query = select(*_COLUMNS).where(trials.c.job_id == job_id).order_by(trials.c.number)
    if after is not None:
        query = query.where(trials.c.number > after)
    if states:
        query = query.where(trials.c.state.in_(states))
    if limit is not None or offset:
        query = query.limit(limit).offset(offset)
    return [_to_record(row) for row in connection.execute(query).mappings()]


def list_reports(connection: Connection, job_id: str, number: int | None) -> list[Report]:
    """Return reports of one trial, or of all trials of a job, by trial and step."""
    query = select(reports.c.number, reports.c.step, reports.c.metrics, reports.c.share)
    query = query.where(reports.c.job_id == job_id).order_by(reports.c.number, reports.c.step)
    if number is not None:
        query = query.where(reports.c.number == number)
    return [Report(number=row[0], step=row[1], metrics=row[2], share=row[3]) for row in connection.execute(query)]


def end_running_trials(connection: Connection, job_id: str, fault: Fault | None, now: datetime) -> list[EventData]:
    """Mark every running trial of a job failed with the fault, or cancelled without; return the events of it."""
    statement = (
        update(trials)
        .where(trials.c.job_id == job_id, trials.c.state == "running")
        .values(state="cancelled" if fault is None else "failed", fault=fault, finished_at=now)
        .returning(*_COLUMNS)
    )
    ended = [_to_record(row) for row in connection.execute(statement).mappings()]
    return [describe_end(trial) for trial in sorted(ended, key=lambda trial: trial.number)]


def describe_end(trial: TrialRecord, *, will_retry: bool = False) -> EventData:
    """Return the event that tells how an attempt ended.

    Raises:
        ValueError: if it has not ended.
    """
    if trial.state == "succeeded":
        return TrialSucceeded(number=trial.number, values=trial.values, metrics=trial.metrics, seconds=trial.seconds)
    if trial.state == "failed":
        fault = trial.fault or Fault(message="failed without a reason", code="error")
        return TrialFailed(number=trial.number, attempt=trial.attempt, fault=fault, will_retry=will_retry)
    if trial.state == "running":
        raise ValueError(f"trial {trial.number} is still running")
    reason = trial.fault.message if trial.fault is not None else trial.state
    return TrialStopped(number=trial.number, reason=reason, values=trial.values)


def _to_row(job_id: str, trial: TrialRecord) -> dict[str, Any]:
    row = msgspec.structs.asdict(trial)
    values = row.pop("values")
    first = values[0] if values and not math.isnan(values[0]) else None
    accuracy = trial.metrics.get("accuracy")
    is_share = accuracy is not None and 0 <= accuracy <= 1
    return row | {
        "job_id": job_id,
        "objective_values": values,
        "value": first,
        "accuracy": accuracy if is_share else None,
    }


def _to_record(row: RowMapping) -> TrialRecord:
    fields = dict(row)
    return TrialRecord(values=fields.pop("objective_values"), **fields)
