"""The seven figures, counted by the database from indexes alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, and_, func, or_, select, text

from persopt.domain.metrics import Totals
from persopt.domain.objectives import Objective
from persopt.domain.trials import TrialRecord
from persopt.kernel.store.schema import jobs, trials

__all__ = ("TotalsCache", "compute_totals", "measure_improvement")

_SECONDS_A_MINUTE: Final = 60
_SECONDS_AN_HOUR: Final = 3600
_SUCCEEDED: Final = trials.c.state == "succeeded"
_HAS_VALUE: Final = or_(_SUCCEEDED, and_(trials.c.state == "stopped", trials.c.value.is_not(None)))
_LAST_EVENT: Final = text("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")  # AUTOINCREMENT's own table
_JOBS: Final = select(func.count(), func.avg(jobs.c.improvement)).where(jobs.c.kind == "tune")
_TRIALS: Final = select(
    func.count().filter(_HAS_VALUE),
    func.count().filter(trials.c.state == "failed"),
    func.max(trials.c.accuracy).filter(_SUCCEEDED),
    func.sum(trials.c.seconds),
    func.count(trials.c.seconds),
).where(
    trials.c.state.in_(("succeeded", "stopped", "failed", "cancelled")),
    # The other way round the database would look every trial's job up; jobs of other kinds have few trials.
    trials.c.job_id.not_in(select(jobs.c.id).where(jobs.c.kind != "tune")),
)


class TotalsCache:
    """The figures, counted again only when something has happened since.

    Whatever changes them writes an event in the same transaction, so on SQLite, where a read sees one moment, the
    position of the last event tells whether they still hold. PostgreSQL's sequences run ahead of what is committed;
    there they are counted each time.
    """

    def __init__(self) -> None:
        self._known: tuple[int, Totals] | None = None

    def compute(self, connection: Connection) -> Totals:
        """Return the figures over all tuning jobs."""
        if connection.dialect.name != "sqlite":
            return compute_totals(connection)
        mark = connection.execute(_LAST_EVENT).scalar_one_or_none() or 0
        known = self._known
        if known is not None and known[0] == mark:
            return known[1]
        totals = compute_totals(connection)
        self._known = mark, totals
        return totals


def compute_totals(connection: Connection) -> Totals:
    """Return the figures over all tuning jobs."""
    total, improvement = connection.execute(_JOBS).one()
    succeeded, failed, accuracy, seconds, timed = connection.execute(_TRIALS).one()
    return Totals(
        total_optimizations=total,
        average_improvement=improvement or 0.0,
        best_model_accuracy=accuracy or 0.0,
        total_training_time=(seconds or 0.0) / _SECONDS_AN_HOUR,
        successful_trials=succeeded,
        failed_trials=failed,
        average_trial_time=seconds / timed / _SECONDS_A_MINUTE if timed else 0.0,
    )


def measure_improvement(
    connection: Connection, job_id: str, objectives: Sequence[Objective], best: TrialRecord | None
) -> float | None:
    """Return by how many percent the best trial is better than the first (by number) that succeeded.

    The first objective counts. None if no trial succeeded, or the figure would not be finite.
    """
    query = select(trials.c.value).where(trials.c.job_id == job_id, _SUCCEEDED, trials.c.value.is_not(None))
    first = connection.execute(query.order_by(trials.c.number).limit(1)).scalar_one_or_none()
    if first is None or best is None or not best.values or not objectives:
        return None
    improvement = objectives[0].improvement(best.values[0], first)
    return improvement if math.isfinite(improvement) else None
