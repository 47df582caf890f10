"""Reports of running trials on their way to the journal, at most so many transactions a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from persopt.domain.trials import Report

__all__ = ("ReportBuffer",)

_SECONDS_BETWEEN = 1 / 3


class ReportBuffer:
    """Holds reports back until a third of a second has passed since the last were saved, for all trials together.

    Every evaluation (a report with one of `evaluation_metrics`) is kept; of the others only a trial's latest.
    Reports of one trial and step become one.

    Args:
        save: Saves reports.
        evaluation_metrics: Metrics that make a report an evaluation.
        clock: A clock in seconds that never goes back.
    """

    def __init__(
        self, save: Callable[[Sequence[Report]], None], evaluation_metrics: Sequence[str], clock: Callable[[], float]
    ) -> None:
        self._save = save
        self._evaluation_metrics = frozenset(evaluation_metrics)
        self._clock = clock
        self._pending: dict[tuple[int, int], Report] = {}
        self._newest: dict[int, Report] = {}  # of each running trial; saved ones too, which a later one completes
        self._next_save = clock()

    @property
    def due(self) -> float | None:
        """Time at which `flush_due` has something to do, or None."""
        return self._next_save if self._pending else None

    def add(self, report: Report) -> None:
        """Take a report."""
        key = (report.number, report.step)
        earlier = self._pending.get(key) or self._newest.get(report.number)
        if earlier is not None and earlier.step == report.step:
            share = earlier.share if report.share is None else report.share
            metrics = {**earlier.metrics, **report.metrics}
            report = msgspec.structs.replace(report, metrics=metrics, share=share)
        if not self._is_evaluation(report):
            self._pending = {
                other: kept
                for other, kept in self._pending.items()
                if kept.number != report.number or self._is_evaluation(kept)
            }
        self._pending[key] = self._newest[report.number] = report

    def flush_due(self) -> None:
        """Save what is pending if the time has come."""
        if self._pending and self._clock() >= self._next_save:
            self.flush()

    def flush(self) -> None:
        """Save what is pending now."""
        if self._pending:
            pending, self._pending = self._pending, {}
            self._next_save = self._clock() + _SECONDS_BETWEEN
            self._save(list(pending.values()))

    def end_trial(self, number: int) -> None:
        """Before a trial's end is saved: save its evaluations with all that is pending, drop its other reports.

        This may come sooner than a third of a second after the last time: it is part of the trial's end, after
        which its reports would stand in the wrong place.
        """
        own = [report for report in self._pending.values() if report.number == number]
        if any(self._is_evaluation(report) for report in own):
            self.flush()
        self.drop_trial(number)

    def drop_trial(self, number: int) -> None:
        """Forget what is pending of a trial."""
        self._newest.pop(number, None)
        self._pending = {key: report for key, report in self._pending.items() if report.number != number}

    def _is_evaluation(self, report: Report) -> bool:
        return not self._evaluation_metrics.isdisjoint(report.metrics)
