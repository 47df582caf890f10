"""Metrics of a task from what is known of each row: of all rows, of resampled ones, of two models in pairs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from persopt.domain.errors import InputError
from persopt.domain.measurements import Estimate
from persopt.domain.programs import TaskName
from persopt.evaluation.tallies.base import TalliedRows
from persopt.measure.bootstrap import RESAMPLES, Bootstrap, bootstrap_sums
from persopt.measure.statistics import (
    find_unseen_bound,
    rows_for_difference,
    rows_for_discordance,
    test_mcnemar,
)
from persopt.tuning.tasks import default_objective

if TYPE_CHECKING:
    from persopt.evaluation.tallies import Tally

__all__ = ("RowScores", "ScoreChange")

_CONFIDENCE: Final = 0.95
_ACCURACY: Final = "accuracy"


class RowScores:
    """What a model scored, row by row, in the order of the data.

    Args:
        task: The task.
        tally: Computes the metrics.
        rows: What is known of each row.
        seed: Of the resampling; two models with the same are compared on the same resamples.
        resamples: How often rows are drawn anew.

    Attributes:
        task: The task.
        right: Of each row whether it is right, where a row is one answer; else None.
        answers: What the model answered, row by row.
    """

    def __init__(
        self, task: TaskName, tally: Tally, rows: TalliedRows, seed: int = 0, resamples: int = RESAMPLES
    ) -> None:
        self.task = task
        self.right = rows.right
        self.answers = rows.answers
        self._tally = tally
        self._sums = rows.sums
        self._draws = (resamples, seed)

    def __len__(self) -> int:
        return int(self._sums.shape[0])

    def take(self, places: Any) -> RowScores:
        """Return the scores of some of the rows, resampled among themselves.

        Args:
            places: Numbers of the rows, shape (rows,).
        """
        import numpy as np

        places = np.asarray(places)
        chosen = TalliedRows(
            self._sums[places],
            None if self.right is None else self.right[places],
            [self.answers[place] for place in places.tolist()],
        )
        return RowScores(self.task, self._tally, chosen, self._draws[1], self._draws[0])

    @property
    def draws(self) -> tuple[int, int, int]:
        """Rows, resamples and seed: what decides which rows are drawn."""
        return (len(self), *self._draws)

    @property
    def metric(self) -> str:
        """The metric that the task is about."""
        return default_objective(self.task).metric

    @cached_property
    def bootstrap(self) -> Bootstrap:
        """What resampling the rows gives."""
        resamples, seed = self._draws
        return bootstrap_sums(self._sums, self._tally.score, resamples, seed)

    def metrics(self) -> dict[str, float]:
        """Return the metrics of all rows, as tuning's judges compute them."""
        return dict(self.bootstrap.values)

    def estimate(self, confidence: float = _CONFIDENCE) -> dict[str, Estimate]:
        """Return the metrics, each with an interval that holds the one of all rows there could be.

        An accuracy of 0 or 1 has the exact bound of what was never seen, see `find_unseen_bound`.
        """
        found = {name: self.bootstrap.estimate(name, confidence) for name in self.bootstrap.values}
        accuracy = found.get(_ACCURACY)
        if accuracy is not None and accuracy.low == accuracy.high:
            reach = find_unseen_bound(len(self), confidence)
            low = max(0.0, accuracy.value - reach) if accuracy.value == 1 else accuracy.low
            high = min(1.0, accuracy.value + reach) if accuracy.value == 0 else accuracy.high
            found[_ACCURACY] = Estimate(value=accuracy.value, low=low, high=high, confidence=confidence)
        return found


class ScoreChange:
    """Two models judged on the same rows.

    Args:
        before: Of the model given.
        after: Of the other.

    Raises:
        InputError: if they were not judged on the same rows.
    """

    def __init__(self, before: RowScores, after: RowScores) -> None:
        if before.task != after.task or before.draws != after.draws:
            raise InputError(
                f"{len(before)} rows of {before.task} and {len(after)} of {after.task} are not the same rows; "
                "models are compared on the same data, split and tokens"
            )
        self.before = before
        self.after = after
        self._bootstrap = after.bootstrap - before.bootstrap

    def estimate(self, confidence: float = _CONFIDENCE) -> dict[str, Estimate]:
        """Return after less before, each with the interval of the difference on the same rows.

        Where both models answer every row alike, the interval of the accuracy's change says how large a share of
        answers may differ that was not seen.
        """
        found = {name: self._bootstrap.estimate(name, confidence) for name in self._bootstrap.values}
        change = found.get(_ACCURACY)
        if change is not None and change.low == change.high == 0:
            reach = find_unseen_bound(len(self.before), confidence)
            found[_ACCURACY] = Estimate(value=0.0, low=-reach, high=reach, confidence=confidence)
        return found

    def p_values(self) -> dict[str, float]:
        """Return the chance of each change, or a greater one, if both models are equally good.

        It is McNemar's exact test for the accuracy of rows that are one answer each, the paired bootstrap for all else.
        """
        found = {name: self._bootstrap.p_value(name) for name in self._bootstrap.values}
        counts = self.discordance()
        if counts is not None and _ACCURACY in found:
            found[_ACCURACY] = test_mcnemar(*counts).p_value
        return found

    def difference(self, name: str) -> float:
        """Return a metric's change."""
        value: float = self._bootstrap.values[name]
        return value

    def standard_error(self, name: str) -> float:
        """Return that of a metric's change."""
        return self._bootstrap.standard_error(name)

    def rows_needed(self, name: str) -> int | None:
        """Return how many rows it takes to tell a metric's change from none; None if none was seen."""
        rows, counts = len(self.before), self.discordance()
        if counts is not None and name == _ACCURACY:
            return rows_for_discordance(counts[0] / rows, counts[1] / rows)
        return rows_for_difference(self.difference(name), self.standard_error(name), rows)

    def discordance(self) -> tuple[int, int] | None:
        """Return how many rows only the first has right, and only the second; None where rows are no single answers."""
        one, other = self.before.right, self.after.right
        if one is None or other is None:
            return None
        return int((one & ~other).sum()), int((other & ~one).sum())

    def agreement(self) -> float:
        """Return the share of rows that both answer alike."""
        pairs: list[tuple[Any, Any]] = list(zip(self.before.answers, self.after.answers, strict=True))
        return sum(bool(one == other) for one, other in pairs) / len(pairs)
