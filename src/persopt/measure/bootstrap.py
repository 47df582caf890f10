"""Intervals by the bootstrap, of statistics that are functions of sums over rows.

Every metric of a task is one: accuracy, losses, F-measures from counts by class, BLEU from counts of n-grams. So a
resample is a vector of how often each row was drawn, and all of them together are one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from persopt.domain.measurements import Estimate

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]
    Statistic: TypeAlias = Callable[[Array], Mapping[str, Array]]

__all__ = ("RESAMPLES", "Bootstrap", "bootstrap_sums", "draw_counts")

RESAMPLES: Final = 2000
_CONFIDENCE: Final = 0.95
_CHUNK: Final = 20_000_000  # numbers of a matrix at a time


class Bootstrap:
    """What resampling gave of some statistics.

    Args:
        values: Each statistic of all rows.
        resampled: Each of every resample, shape (resamples,).
        without: Each of all rows but one, shape (rows,).
    """

    def __init__(
        self, values: Mapping[str, float], resampled: Mapping[str, Array], without: Mapping[str, Array]
    ) -> None:
        self.values = values
        self.resampled = resampled
        self.without = without

    def __sub__(self, other: Bootstrap) -> Bootstrap:
        """Return that of the differences; both must have drawn the same rows."""
        return Bootstrap(
            {name: value - other.values[name] for name, value in self.values.items()},
            {name: value - other.resampled[name] for name, value in self.resampled.items()},
            {name: value - other.without[name] for name, value in self.without.items()},
        )

    def estimate(self, name: str, confidence: float = _CONFIDENCE) -> Estimate:
        """Return a statistic with its interval: bias-corrected and accelerated (BCa, Efron 1987).

        Where nothing can be corrected (all resamples below the value, or no row that matters) it is the interval of
        percentiles, and where no resample differs the value alone.
        """
        import numpy as np

        value, resampled = self.values[name], self.resampled[name]
        resampled = resampled[np.isfinite(resampled)]
        if not len(resampled) or not np.isfinite(value):
            return Estimate(value=value, low=value, high=value, confidence=confidence)
        shares = self._correct(name, resampled, confidence)
        low, high = (float(end) for end in np.quantile(resampled, shares))
        return Estimate(value=value, low=min(low, value), high=max(high, value), confidence=confidence)

    def standard_error(self, name: str) -> float:
        """Return the standard deviation of a statistic over the resamples."""
        import numpy as np

        resampled = self.resampled[name]
        return float(np.std(resampled[np.isfinite(resampled)], ddof=1))

    def p_value(self, name: str) -> float:
        """Return the chance of a value at least as far from zero if the true one is zero, two-sided.

        The resamples, moved to the middle zero, stand for the distribution in that case (Efron and Tibshirani 1993,
        chapter 16); a chance of 0 is never told.
        """
        import numpy as np

        value, resampled = self.values[name], self.resampled[name]
        resampled = resampled[np.isfinite(resampled)]
        as_far = int((np.abs(resampled - value) >= abs(value) * (1 - 1e-12)).sum())
        return (as_far + 1) / (len(resampled) + 1)

    def _correct(self, name: str, resampled: Array, confidence: float) -> tuple[float, float]:
        """Return between which quantiles of the resamples the interval lies."""
        import numpy as np
        from scipy.stats import norm

        plain = ((1 - confidence) / 2, (1 + confidence) / 2)
        value, without = self.values[name], self.without[name]
        below = ((resampled < value).sum() + (resampled <= value).sum()) / (2 * len(resampled))
        spread = without[np.isfinite(without)]
        spread = spread.mean() - spread if len(spread) else spread
        squares = float((spread**2).sum())
        if not 0 < below < 1 or squares == 0:
            return plain
        bias, acceleration = norm.ppf(below), float((spread**3).sum()) / (6 * squares**1.5)
        ends = []
        for share in plain:
            reach = bias + norm.ppf(share)
            if acceleration * reach >= 1:
                return plain
            ends.append(float(norm.cdf(bias + reach / (1 - acceleration * reach))))
        return ends[0], ends[1]


def bootstrap_sums(rows: Any, statistic: Statistic, resamples: int = RESAMPLES, seed: int = 0) -> Bootstrap:
    """Resample rows, with replacement, as many as there are.

    The same number of rows, of resamples and the same seed draw the same rows, so that two models judged on the same
    rows are compared in pairs (`Bootstrap.__sub__`).

    Args:
        rows: Shape (rows, sums), an array or a sparse one of SciPy; its sums over rows decide the statistics.
        statistic: From sums of shape (..., sums) to the statistics by name, each of shape (...).
        resamples: How often.
        seed: Of the draws.
    """
    import numpy as np

    total = np.asarray(rows.sum(axis=0), dtype=np.float64).reshape(1, -1)
    values = {name: float(value[0]) for name, value in statistic(total).items()}
    count, width = rows.shape
    chunk = max(1, _CHUNK // max(count, width))
    drawn = [statistic(np.asarray(counts @ rows)) for counts in draw_counts(count, resamples, seed, chunk)]
    resampled = {name: np.concatenate([part[name] for part in drawn]) for name in values}
    left = [statistic(total - _dense(rows[start : start + chunk])) for start in range(0, count, chunk)]
    without = {name: np.concatenate([part[name] for part in left]) for name in values}
    return Bootstrap(values, resampled, without)


def draw_counts(rows: int, resamples: int, seed: int, chunk: int = 1000) -> Iterator[Array]:
    """Give how often each row is drawn in each resample, some resamples at a time: shape (resamples, rows).

    What is drawn does not depend on the chunk.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    for start in range(0, resamples, chunk):
        yield np.stack(
            [
                np.bincount(random.integers(rows, size=rows), minlength=rows).astype(np.float64)
                for _ in range(min(chunk, resamples - start))
            ]
        )


def _dense(part: Any) -> Array:
    import numpy as np

    return np.asarray(part.toarray() if hasattr(part, "toarray") else part, dtype=np.float64)
