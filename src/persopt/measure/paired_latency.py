"""Two calls timed in turn, so that whatever else the machine does meets both alike."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from persopt.measure.turns import TurnPlan, time_in_turn

__all__ = ("PairedTimes", "measure_in_turn", "median_interval")

_WARM_UP: Final = 3
_FEWEST: Final = 9
_MOST: Final = 31
_SECONDS: Final = 6.0
_CONFIDENCE: Final = 0.95


class PairedTimes(Struct, frozen=True):
    """Times of two calls, in milliseconds, pair by pair."""

    first: list[float]
    second: list[float]

    @property
    def ratios(self) -> list[float]:
        """Time of the first call by that of the second, of each pair."""
        return [one / other for one, other in zip(self.first, self.second, strict=True)]


def measure_in_turn(
    first: Callable[[], object],
    second: Callable[[], object],
    on_pair: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> PairedTimes:
    """Time two calls in turn: three pairs that are not counted, then 31, or as many as six seconds take, at least 9.

    Every other pair is begun by the second, so that neither always follows the other.

    Args:
        first: Does its work and waits for its end.
        second: The same.
        on_pair: Called before each pair; may raise to end the work.
        clock: A clock in seconds.
    """
    plan = TurnPlan(warm_up=_WARM_UP, lead=0, fewest=_FEWEST, most=_MOST, seconds=_SECONDS, longest_turn=1)
    one, other = time_in_turn((first, second), plan, on_pair, clock)
    return PairedTimes([turn[0] for turn in one], [turn[0] for turn in other])


def median_interval(values: Sequence[float], confidence: float = _CONFIDENCE) -> tuple[float, float, float]:
    """Return an interval that holds the true median, and the confidence that it has, at least the one asked for.

    Both ends are values of the sample; nothing is assumed of the distribution but independence (the sign test's
    interval: the number of values below the median is binomial). The narrowest that reaches the confidence.

    Raises:
        ValueError: if there are too few values for it.
    """
    count, ordered = len(values), sorted(values)
    found = None
    outside = 0.0  # probability that the median lies beyond the r-th value from either end
    for rank in range(count // 2):
        outside += 2 * math.comb(count, rank) / 2**count
        if 1 - outside < confidence:
            break
        found = (ordered[rank], ordered[count - 1 - rank], 1 - outside)
    if found is None:
        raise ValueError(f"{count} values are too few for an interval of confidence {confidence:g}")
    return found
