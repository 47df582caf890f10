"""From the metrics in a program's output to the reports and the result of its trial."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from persopt.domain.objectives import Objective
from persopt.domain.programs import MetricStrategy
from persopt.plugins.contracts.parsing import Metric

__all__ = ("MetricCollector", "ReportSender")

_MOST_NAMES: Final = 500
_HIGHEST_STEP: Final = 2**31 - 1
_FREE_REPORTS: Final = 1000
_SECONDS_BETWEEN: Final = 0.1


class MetricCollector:
    """Gathers metrics and gives each its step.

    The step of a metric is what its line says, as long as that rises. Where the line says nothing, or goes back, the
    metric belongs to the step before, except that an objective which comes again begins the next step: so the
    steps of a program that counts nothing are the times that it told its objective. A name that differs from a
    wanted one (of an objective or a constraint) in upper and lower case only is that one.

    Args:
        objectives: What the trial is judged on.
        limited: Names of the metrics of the constraints.
        strategy: Which of an objective's values is its result.

    Attributes:
        names: Every name seen, at most 500, in the order of their first appearance.
    """

    def __init__(
        self, objectives: Sequence[Objective], strategy: MetricStrategy = "last", limited: Sequence[str] = ()
    ) -> None:
        self._objectives = {objective.metric: objective for objective in objectives}
        self._wanted = frozenset((*limited, *self._objectives))
        self._spelling = {name.casefold(): name for name in (*limited, *self._objectives)}
        self._strategy = strategy
        self._last: dict[str, float] = {}
        self._best: dict[str, float] = {}
        self._step: int | None = None
        self._told: set[str] = set()

    @property
    def names(self) -> list[str]:
        """See the class."""
        return list(self._last)

    def take(self, metrics: Iterable[Metric]) -> list[tuple[int, dict[str, float]]]:
        """Take the metrics of a line; return what there is to report: a step and its metrics, in rising order."""
        reports: list[tuple[int, dict[str, float]]] = []
        for metric in metrics:
            name = self._spelling.get(metric.name.casefold(), metric.name)
            if name not in self._last and name not in self._wanted and len(self._last) >= _MOST_NAMES:
                continue
            step = self._advance(name, metric.step)
            self._keep(name, metric.value)
            if not reports or reports[-1][0] != step:
                reports.append((step, {}))
            reports[-1][1][name] = metric.value
        return reports

    def result(self) -> dict[str, float]:
        """Return the value of every metric: the last, of an objective the best if that was asked for."""
        return {**self._last, **self._best} if self._strategy == "best" else dict(self._last)

    def missing(self) -> list[str]:
        """Return the objectives that were not seen."""
        return [name for name in self._objectives if name not in self._last]

    def _advance(self, name: str, step: int | None) -> int:
        current = self._step
        if step is not None and 0 <= step <= _HIGHEST_STEP and (current is None or step >= current):
            if step != current:
                self._told.clear()
            self._step = step
        elif current is None:
            self._step = 1
        elif name in self._told:
            self._step = current + 1
            self._told.clear()
        if name in self._objectives:
            self._told.add(name)
        return self._step if self._step is not None else 1

    def _keep(self, name: str, value: float) -> None:
        self._last[name] = value
        objective = self._objectives.get(name)
        if objective is not None and (name not in self._best or objective.is_better(value, self._best[name])):
            self._best[name] = value


class ReportSender:
    """Passes reports on; after the first thousand of a trial at most ten a second, each with what came meanwhile.

    Args:
        send: Takes a step and metrics.
        clock: A clock in seconds that never goes back.
    """

    def __init__(
        self, send: Callable[[int, dict[str, float]], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._send = send
        self._clock = clock
        self._sent = 0
        self._next = -math.inf
        self._pending: tuple[int, dict[str, float]] | None = None

    def add(self, step: int, metrics: dict[str, float]) -> None:
        """Take a report."""
        before = {} if self._pending is None else self._pending[1]
        self._pending = (step, {**before, **metrics})
        if self._sent < _FREE_REPORTS or self._clock() >= self._next:
            self.flush()

    def flush(self) -> None:
        """Pass on what is held back."""
        if self._pending is not None:
            pending, self._pending = self._pending, None
            self._sent += 1
            self._next = self._clock() + _SECONDS_BETWEEN
            self._send(*pending)
