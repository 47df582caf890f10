"""The speed of models, each timed in turn with all the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from persopt.domain.compare_reports import ShapeSpeedup
from persopt.domain.measurements import SpeedMeasurement
from persopt.evaluation.speed import time_runners
from persopt.measure.speed import compare_turns, summarize_turns
from persopt.measure.turns import TurnPlan

if TYPE_CHECKING:
    from persopt.plugins.contracts.quantization import Runner

__all__ = ("ShapeTimes", "time_models")


class ShapeTimes(Struct, frozen=True, kw_only=True):
    """What was timed at one shape.

    Attributes:
        speeds: Of each model.
        speedups: Of each model but the first, over the first.
    """

    speeds: list[SpeedMeasurement]
    speedups: list[ShapeSpeedup]


def time_models(
    runners: Sequence[Runner],
    folders: Sequence[Path | str],
    shape: tuple[int, int],
    *,
    confidence: float,
    plan: TurnPlan,
    on_round: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> ShapeTimes:
    """Time models in turn (A B C C B A ...) on the same inputs, and compare each with the first.

    Args:
        runners: The models, all open, the baseline first.
        folders: Theirs.
        shape: Rows and tokens of a call.
        confidence: Of the intervals.
        plan: How often to call.
        on_round: Called before each round; may raise to end the work.
        clock: A clock in seconds.
    """
    timed = time_runners(runners, folders, shape, plan=plan, on_round=on_round, clock=clock)
    batch, length = timed.batch, timed.length
    return ShapeTimes(
        speeds=[summarize_turns(turns, batch, length) for turns in timed.turns],
        speedups=[
            ShapeSpeedup(batch=batch, length=length, speedup=compare_turns(timed.turns[0], turns, confidence))
            for turns in timed.turns[1:]
        ],
    )
