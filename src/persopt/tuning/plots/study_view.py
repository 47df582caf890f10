"""What the plots show of a report, looked up once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

from persopt.domain.objectives import Objective
from persopt.domain.reports import TuneReport
from persopt.domain.space import Parameter, Space
from persopt.domain.space_building import build_space
from persopt.domain.trials import Report, TrialRecord
from persopt.reporting.locale import Locale

__all__ = ("MANY", "StudyView")

MANY = 1000
"""More marks than this are drawn as an image inside the figure, so that the file stays small."""


class StudyView:
    """A report, seen by what is drawn of it.

    Args:
        report: The study.
        locale: Language of the labels.
    """

    def __init__(self, report: TuneReport, locale: Locale) -> None:
        self.report = report
        self.locale = locale
        self.trials: Sequence[TrialRecord] = report.trials
        self.objectives: Sequence[Objective] = report.objectives
        self.best = report.best

    @cached_property
    def valued(self) -> list[TrialRecord]:
        """The trials that reached finite values, by number."""
        return [
            trial
            for trial in self.trials
            if trial.state in ("succeeded", "stopped") and trial.values and all(map(math.isfinite, trial.values))
        ]

    @cached_property
    def space(self) -> Space | None:
        """The space, where the report knows its spec."""
        spec = self.report.spec
        return None if spec is None else build_space(spec.config, known_only=spec.trains_model)

    @cached_property
    def varying(self) -> list[Parameter]:
        """The parameters that had several values, the most important for the first objective first."""
        found = []
        for parameter in () if self.space is None else self.space.parameters:
            if len({repr(trial.params.get(parameter.name)) for trial in self.valued}) > 1:
                found.append(parameter)
        shares = self.report.importances.get(self.objectives[0].metric, {}) if self.objectives else {}
        return sorted(found, key=lambda parameter: -shares.get(parameter.name, 0.0))

    @cached_property
    def curves(self) -> dict[int, list[Report]]:
        """The evaluations by trial."""
        grouped: dict[int, list[Report]] = {}
        for report in self.report.curves:
            grouped.setdefault(report.number, []).append(report)
        return grouped

    def objective_label(self, objective: Objective) -> str:
        """Return the name of an objective with its direction."""
        return f"{objective.metric} ({self.locale.text(f'plot.{objective.direction}')})"
