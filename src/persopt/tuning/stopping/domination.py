"""Order by non-domination: of several objectives, less is better in each.

Fronts as in NSGA-II's fast non-dominated sort, points of one front told apart by their crowding distance (Deb et
al., 2002, doi:10.1109/4235.996017). That order is what makes successive halving one of several objectives
(Schmucker et al., 2021, arXiv:2106.12639). With one objective it is the order of the values, ties included.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ("count_ahead", "crowding_distances", "dominates", "sort_fronts")

Losses = tuple[float, ...]


def dominates(one: Losses, other: Losses) -> bool:
    """Return whether `one` is nowhere worse than `other` and somewhere better."""
    return all(a <= b for a, b in zip(one, other, strict=True)) and one != other


def sort_fronts(points: Sequence[Losses]) -> list[int]:
    """Return for each point its front: 0 where no point dominates it, 1 where only points of front 0 do, and so on."""
    import numpy as np

    losses = np.asarray(points, dtype=float)
    better = _dominations(losses)
    dominators = better.sum(axis=0)
    fronts = np.full(len(points), -1)
    front = 0
    while (fronts < 0).any():
        current = (fronts < 0) & (dominators == 0)
        fronts[current] = front
        dominators = dominators - better[current].sum(axis=0)
        front += 1
    return [int(front) for front in fronts]


def crowding_distances(front: Sequence[Losses]) -> list[float]:
    """Return for each point of a front how far its neighbours are, as shares of the front's extent, summed up.

    Extreme points are infinitely far. Equal points have equal distances: each is counted once.
    """
    distances = dict.fromkeys(front, 0.0)
    unique = sorted(distances)
    for axis in range(len(front[0])):
        ordered = sorted(unique, key=lambda point: point[axis])
        extent = ordered[-1][axis] - ordered[0][axis]
        distances[ordered[0]] = distances[ordered[-1]] = math.inf
        if extent > 0:
            for before, point, after in zip(ordered, ordered[1:], ordered[2:], strict=False):
                distances[point] += (after[axis] - before[axis]) / extent
    return [distances[point] for point in front]


def count_ahead(points: Sequence[Losses], index: int) -> int:
    """Return how many points are strictly ahead of one: on an earlier front, or on its own and less crowded."""
    point = points[index]
    if len(point) == 1:
        return sum(other < point for other in points)
    fronts = sort_fronts(points)
    mates = [place for place, front in enumerate(fronts) if front == fronts[index]]
    distances = crowding_distances([points[place] for place in mates])
    own = distances[mates.index(index)]
    return sum(front < fronts[index] for front in fronts) + sum(distance > own for distance in distances)


def _dominations(losses: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a matrix of which the entry (i, j) says whether point i dominates point j."""
    import numpy as np

    count = len(losses)
    nowhere_worse, somewhere_better = np.ones((count, count), dtype=bool), np.zeros((count, count), dtype=bool)
    for column in losses.T:
        nowhere_worse &= column[:, None] <= column[None, :]
        somewhere_better |= column[:, None] < column[None, :]
    return nowhere_worse & somewhere_better
