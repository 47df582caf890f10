"""The exact threshold below which so many weights fall, found in streaming passes without a sort.

Scores are compared as float32. A float's bits, its sign folded in, order like the float itself; so a histogram of
the upper 16 bits tells the bin of the threshold, and one of the lower 16 bits within that bin tells the threshold
to the bit (a radix selection of two passes; memory is that of one chunk and 512 KB).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("CHUNK", "Cut", "find_cut", "iterate_keys", "split_count")

CHUNK: Final = 1 << 20
"""Weights that are worked on at a time."""

_ZERO_KEY: Final = -(2**31)  # of no finite score; a weight that is zero goes before all others
_HALF: Final = 16
_BINS: Final = 1 << _HALF


class Cut(Struct, frozen=True):
    """Where the important weights begin.

    Attributes:
        key: Weights whose key is below are pruned.
        ties: Of those with just this key, so many are pruned: the first ones in the order of the weights.
    """

    key: int
    ties: int


def split_count(sparsity: float, sizes: Iterable[int]) -> list[int]:
    """Return how many of each group are pruned.

    Each is within one of `sparsity` times the group's size, and their sum within one half of the whole.
    """
    counts = []
    total = done = 0
    for size in sizes:
        total += size
        wanted = round(sparsity * total)
        counts.append(wanted - done)
        done = wanted
    return counts


def iterate_keys(scores: Tensor, weights: Tensor) -> Iterator[Tensor]:
    """Give int32 keys that order like the scores, chunk by chunk in the order of the weights.

    Args:
        scores: One a weight, of any float type; higher means keep.
        weights: A weight that is zero gets the lowest key of all: it is gone already.

    Raises:
        ValueError: if a score is not finite.
    """
    import torch

    flat, weights = scores.reshape(-1), weights.reshape(-1)
    for start in range(0, flat.numel(), CHUNK):
        chunk = flat[start : start + CHUNK].detach().to(torch.float32) + 0.0  # a new tensor, -0.0 made 0.0
        if not torch.isfinite(chunk).all():
            raise ValueError("the score of a weight is not finite")
        bits = chunk.view(torch.int32)
        keys = bits ^ ((bits >> 31) & 0x7FFFFFFF)
        yield keys.masked_fill_(weights[start : start + CHUNK] == 0, _ZERO_KEY)


def find_cut(chunks: Callable[[], Iterable[Tensor]], count: int) -> Cut:
    """Return the cut below which exactly `count` weights fall, ties included.

    Args:
        chunks: Gives all keys, chunk by chunk; called twice, and must give the same both times.
        count: At most the number of keys.
    """
    if count == 0:
        return Cut(_ZERO_KEY, 0)
    upper, below_bin = _find_bin((chunk >> _HALF for chunk in chunks()), count, offset=_BINS // 2)
    upper -= _BINS // 2
    inside = (chunk[(chunk >> _HALF) == upper] & (_BINS - 1) for chunk in chunks())
    lower, below = _find_bin(inside, count - below_bin, offset=0)
    return Cut((upper << _HALF) | lower, count - below_bin - below)


def _find_bin(chunks: Iterable[Tensor], count: int, offset: int) -> tuple[int, int]:
    """Return the bin in which the `count`-th value (from 1) lies, and how many values are in the bins below."""
    import torch

    histogram = torch.zeros(_BINS, dtype=torch.int64)
    for chunk in chunks:
        histogram += torch.bincount(chunk.long().add_(offset), minlength=_BINS)
    sums = histogram.cumsum(0)
    found = int(torch.searchsorted(sums, count))
    return found, int(sums[found] - histogram[found])
