"""What training is expected to bring back, by what it brought back before."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

__all__ = ("expect_drop",)

_LEFT: Final = 0.25
"""Share of the points lost that is expected to stay lost beyond what is known."""


def expect_drop(one_shot: float, known: Sequence[tuple[float, float]]) -> float:
    """Return the points that a cut model is expected to lose after training.

    Between candidates that were trained this is a straight line; one that lost more before training is expected to lose
    no less after it. Beyond them a quarter of what is lost more stays lost, or as large a share as of the one that lost
    most.

    Args:
        one_shot: Points lost before training.
        known: Of those that were trained: points lost before and after.
    """
    one_shot = max(0.0, one_shot)
    before, after = [0.0], [0.0]
    for lost, left in sorted(known):
        if lost > before[-1]:
            before.append(lost)
            after.append(max(after[-1], left))
    if one_shot >= before[-1]:
        share = after[-1] / before[-1] if before[-1] else 0.0
        return after[-1] + (one_shot - before[-1]) * max(share, _LEFT)
    place = max(1, bisect_left(before, one_shot))
    step = (one_shot - before[place - 1]) / (before[place] - before[place - 1])
    return max(0.0, after[place - 1] + step * (after[place] - after[place - 1]))
