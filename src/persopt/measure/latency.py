"""How long a call takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Final

__all__ = ("measure_latency",)

_WARM_UP: Final = 3
_MOST_CALLS: Final = 50
_FEWEST_CALLS: Final = 10
_SECONDS: Final = 1.0


def measure_latency(call: Callable[[int], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the median time of a call in milliseconds.

    Three calls come first that are not counted; then fifty, or as many as a second takes, at least ten.

    Args:
        call: Does the work and waits for its end; is told which call it is, from 0.
        clock: A clock in seconds.
    """
    for index in range(_WARM_UP):
        call(index)
    times: list[float] = []
    begin = clock()
    while len(times) < _FEWEST_CALLS or (len(times) < _MOST_CALLS and clock() - begin < _SECONDS):
        started = clock()
        call(len(times))
        times.append(clock() - started)
    return statistics.median(times) * 1000
