"""How fast calls are: percentiles and throughput of one, and the ratio of two timed in turn, with its interval."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from persopt.domain.measurements import Estimate, SpeedMeasurement
from persopt.measure.turns import TurnPlan, time_in_turn

__all__ = ("Turns", "compare_turns", "measure_speed", "pool_speedups", "summarize_turns")

Turns = list[list[float]]
"""Times of one call in milliseconds, round by round."""

_BLOCKS: Final = 6
_CONFIDENCE: Final = 0.95


def measure_speed(
    call: Callable[[], object],
    *,
    batch: int,
    length: int,
    plan: TurnPlan | None = None,
    on_round: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> SpeedMeasurement:
    """Time a call by itself; to compare several, time them in turn (`persopt.measure.turns`).

    Args:
        call: Does its work and waits for its end.
        batch: Rows of a call.
        length: Tokens of a row, or the side of an image.
        plan: How often to call.
        on_round: Called before each round; may raise to end the work.
        clock: A clock in seconds.
    """
    return summarize_turns(time_in_turn((call,), plan or TurnPlan(), on_round, clock)[0], batch, length)


def summarize_turns(turns: Turns, batch: int, length: int) -> SpeedMeasurement:
    """Return percentiles and throughput of all calls of all rounds; of fewer than 100 calls p99 is near the slowest."""
    import numpy as np

    times = np.concatenate([np.asarray(turn) for turn in turns])
    p50, p95, p99 = (float(value) for value in np.percentile(times, (50, 95, 99)))
    return SpeedMeasurement(
        batch=batch, length=length, p50=p50, p95=p95, p99=p99, throughput=1000 * batch / p50, calls=len(times)
    )


def compare_turns(first: Turns, second: Turns, confidence: float = _CONFIDENCE) -> Estimate:
    """Return the time of the first by that of the second, with an interval that reflects drift.

    Of each round the ratio is that of the medians of both turns, so what slows the machine down for longer than a
    round falls out. The rounds are not taken as independent, as noise comes in bursts and a machine that gets warm
    need not slow both alike: they are cut into six blocks of successive rounds, and the interval is Student's of the
    blocks' median logarithms (batch means: Law and Kelton, Simulation Modeling and Analysis, 9.5.3), so it widens
    when the ratio drifts. The value is their geometric mean.

    Args:
        first: Times of one call, round by round.
        second: Times of the other, of the same rounds.
        confidence: Of the interval.

    Raises:
        ValueError: for fewer rounds than blocks, or not as many of both.
    """
    from scipy.stats import t

    if len(first) != len(second) or len(first) < _BLOCKS:
        raise ValueError(f"{len(first)} and {len(second)} rounds; at least {_BLOCKS} of each are wanted")
    ratios = [
        math.log(statistics.median(one) / statistics.median(other)) for one, other in zip(first, second, strict=True)
    ]
    blocks = [statistics.median(block) for block in _cut(ratios, _BLOCKS)]
    middle = statistics.fmean(blocks)
    reach = float(t.ppf((1 + confidence) / 2, _BLOCKS - 1)) * statistics.stdev(blocks) / math.sqrt(_BLOCKS)
    return Estimate(
        value=math.exp(middle), low=math.exp(middle - reach), high=math.exp(middle + reach), confidence=confidence
    )


def pool_speedups(speedups: Sequence[Estimate]) -> Estimate:
    """Return the geometric mean of speed-ups at several shapes, which `compare_turns` gave, with its interval.

    The shapes were timed one after the other, so their errors are taken as independent; the degrees of freedom are
    those of Satterthwaite (1946).

    Args:
        speedups: At least one, all of one confidence.
    """
    from scipy.stats import t

    confidence = speedups[0].confidence
    share = (1 + confidence) / 2
    narrow = float(t.ppf(share, _BLOCKS - 1))
    logs = [math.log(one.value) for one in speedups]
    squares = [(math.log(one.high / one.low) / 2 / narrow / len(speedups)) ** 2 for one in speedups]
    whole = sum(squares)
    freedom = whole**2 / sum(one**2 / (_BLOCKS - 1) for one in squares) if whole else math.inf
    middle, reach = statistics.fmean(logs), float(t.ppf(share, freedom)) * math.sqrt(whole)
    return Estimate(
        value=math.exp(middle), low=math.exp(middle - reach), high=math.exp(middle + reach), confidence=confidence
    )


def _cut(values: Sequence[float], parts: int) -> list[Sequence[float]]:
    """Cut a sequence into parts of successive values whose sizes differ by one at most."""
    edges = [len(values) * part // parts for part in range(parts + 1)]
    return [values[begin:end] for begin, end in pairwise(edges)]
