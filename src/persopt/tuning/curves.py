"""Learning curves: the evaluations that each trial reported, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from persopt.domain.objectives import Objective
from persopt.domain.trials import Report

__all__ = ("Curves",)


class Curves:
    """Keeps the evaluations of a study's trials: the reports that hold an objective.

    Args:
        objectives: What is searched for.
    """

    def __init__(self, objectives: Sequence[Objective]) -> None:
        self._metrics = frozenset(objective.metric for objective in objectives)
        self._reports: dict[int, list[Report]] = {}

    def restore(self, reports: Iterable[Report]) -> None:
        """Take up what is known of an interrupted study."""
        for report in sorted(reports, key=lambda report: (report.number, report.step)):
            self.add(report)

    def begin(self, number: int) -> None:
        """Forget a trial's earlier attempt."""
        self._reports.pop(number, None)

    def add(self, report: Report) -> None:
        """Keep a report if it is an evaluation; one of the same step as the last completes that."""
        if self._metrics.isdisjoint(report.metrics):
            return
        kept = self._reports.setdefault(report.number, [])
        if kept and kept[-1].step == report.step:
            last = kept.pop()
            share = last.share if report.share is None else report.share
            report = msgspec.structs.replace(report, metrics={**last.metrics, **report.metrics}, share=share)
        kept.append(report)

    def of(self, number: int) -> Sequence[Report]:
        """Return a trial's evaluations."""
        return self._reports.get(number, ())

    def all(self) -> list[Report]:
        """Return every evaluation, by trial and step."""
        return [report for number in sorted(self._reports) for report in self._reports[number]]
