"""Ranges of activations, found on calibration data: what static quantization takes as the ends of its integers.

All but min-max look at a histogram whose bins are as wide as a power of two and begin at a multiple of it; when values
lie beyond it, pairs of bins are joined. So every value is counted in its right bin, whatever the order of the batches.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Protocol

from persopt.domain.errors import ModelError
from persopt.plugins.contracts.quantization import CalibrationRanges
from persopt.quantization.schemes import Scheme, dequantize, parameters_of_range, quantize

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("Histogram", "MinMax", "Observer", "entropy_range", "find_observer", "mse_range", "percentile_range")

_BINS: Final = 4096
_ENTROPY_LEVELS: Final = 128
_STEPS: Final = 24
_SMALLEST_WIDTH: Final = 2.0**-40


class Observer(Protocol):
    """Sees the values of one activation, batch by batch."""

    def observe(self, values: Tensor) -> None:
        """Take a batch in.

        Raises:
            ModelError: if it holds NaN or infinite numbers.
        """
        ...

    def find(self, scheme: Scheme) -> tuple[float, float]:
        """Return the ends of the range, zero included."""
        ...


class MinMax:
    """From the least to the greatest value seen."""

    def __init__(self) -> None:
        self.low, self.high = 0.0, 0.0

    def observe(self, values: Tensor) -> None:
        """Widen the range; see `Observer`."""
        low, high = _ends(values)
        self.low, self.high = min(self.low, low), max(self.high, high)

    def find(self, scheme: Scheme) -> tuple[float, float]:  # noqa: ARG002 - the protocol's
        """Return the ends."""
        return self.low, self.high


class Histogram:
    """Counts of values in equal bins, exact however it grows.

    Args:
        ranges: How `find` chooses: `percentile`, `entropy` or `mse`.
        percentile: With `percentile`, the percentage of values that lie inside.

    Attributes:
        width: Of a bin; a power of two.
        first: Number of the first bin: it begins at `first * width`.
        counts: Values in each bin (float64).
    """

    def __init__(self, ranges: CalibrationRanges = "percentile", percentile: float = 99.99) -> None:
        import torch

        self._ranges, self._percentile = ranges, percentile
        self._ends = MinMax()
        self.width, self.first = _SMALLEST_WIDTH, 0
        self.counts = torch.zeros(1, dtype=torch.float64)

    def observe(self, values: Tensor) -> None:
        """Count a batch; see `Observer`."""
        import torch

        self._ends.observe(values)
        while self._span() > _BINS:
            self._join()
        self._reach()
        numbers = (values.detach().double().flatten() / self.width).floor().long().cpu() - self.first
        self.counts += torch.bincount(numbers, minlength=len(self.counts)).double()

    def find(self, scheme: Scheme) -> tuple[float, float]:
        """Return the ends as asked for, none beyond what was seen."""
        if self._ranges == "percentile":
            low, high = percentile_range(self, self._percentile)
        elif self._ranges == "entropy":
            low, high = entropy_range(self)
        else:
            low, high = mse_range(self, scheme, self._ends.low, self._ends.high)
        return max(low, self._ends.low), min(high, self._ends.high)

    def centres(self) -> Tensor:
        """Return the middle of each bin."""
        import torch

        return (torch.arange(len(self.counts), dtype=torch.float64) + self.first + 0.5) * self.width

    def _span(self) -> int:
        low, high = self._ends.low, self._ends.high
        return math.floor(high / self.width) - math.floor(low / self.width) + 1

    def _join(self) -> None:
        from torch.nn.functional import pad

        before = self.first % 2
        counts = pad(self.counts, (before, (len(self.counts) + before) % 2))
        self.counts = counts.view(-1, 2).sum(dim=1)
        self.first, self.width = (self.first - before) // 2, self.width * 2

    def _reach(self) -> None:
        from torch.nn.functional import pad

        first = min(self.first, math.floor(self._ends.low / self.width))
        last = max(self.first + len(self.counts) - 1, math.floor(self._ends.high / self.width))
        self.counts = pad(self.counts, (self.first - first, last - self.first - len(self.counts) + 1))
        self.first = first


def find_observer(ranges: CalibrationRanges, percentile: float = 99.99) -> Observer:
    """Return an observer that finds its range in the given way."""
    return MinMax() if ranges == "min-max" else Histogram(ranges, percentile)


def percentile_range(histogram: Histogram, percentile: float) -> tuple[float, float]:
    """Return a range that holds a percentage of the values; as many are left out below as above."""
    import torch

    shares = histogram.counts.cumsum(0) / histogram.counts.sum()
    outside = (1 - percentile / 100) / 2
    low = int(torch.searchsorted(shares, outside, right=True))
    high = int(torch.searchsorted(shares, 1 - outside - 1e-12))
    last = len(histogram.counts) - 1
    begin = (histogram.first + min(low, last)) * histogram.width
    end = (histogram.first + min(high, last) + 1) * histogram.width
    return min(begin, 0.0), max(end, 0.0)


def entropy_range(histogram: Histogram) -> tuple[float, float]:
    """Return the range whose quantized distribution tells most of the whole one.

    The least Kullback-Leibler divergence of the values, clipped to a range around zero, from the same in 128 levels
    (Migacz, 8-bit inference with TensorRT, 2017).
    """
    best, chosen = math.inf, histogram.width
    zero = -histogram.first
    reach = max(zero, len(histogram.counts) - zero)
    step = max(1, reach // 128)
    for half in range(min(_ENTROPY_LEVELS // 2, reach), reach + step, step):
        divergence = _divergence(histogram.counts, zero - half, zero + half)
        if divergence < best:
            best, chosen = divergence, half * histogram.width
    return -chosen, chosen


def mse_range(histogram: Histogram, scheme: Scheme, low: float, high: float) -> tuple[float, float]:
    """Return the range with the least mean squared error of what lies in the bins, ends shrunk step by step."""
    import torch

    centres, counts = histogram.centres(), histogram.counts
    centres, counts = centres[counts > 0], counts[counts > 0]
    one = Scheme(bits=scheme.bits, symmetric=scheme.symmetric, granularity="tensor")
    shares = [step / _STEPS for step in range(1, _STEPS + 1)]
    if scheme.symmetric:
        widest = max(-low, high)
        pairs = [(-widest * share, widest * share) for share in shares]
    else:
        pairs = [(low * below, high * above) for below in (shares if low < 0 else [1.0]) for above in shares]
    errors = []
    for begin, end in pairs:
        parameters = parameters_of_range(torch.tensor(begin), torch.tensor(end), one)
        back = dequantize(quantize(centres, parameters, one), parameters, one)
        errors.append(float(((back - centres).square() * counts).sum()))
    return pairs[errors.index(min(errors))]


def _divergence(counts: Tensor, begin: int, end: int) -> float:
    """Return KL(P || Q): P the counts between two bins, all beyond added to the ends, Q the same in few levels."""
    import torch
    from torch.nn.functional import pad

    left, right = max(begin, 0), min(end, len(counts))
    inside = counts[left:right]
    if len(inside) == 0 or float(inside.sum()) == 0:
        return math.inf
    clipped = inside.clone()
    clipped[0] += counts[:left].sum()
    clipped[-1] += counts[right:].sum()
    size = -(-(end - begin) // _ENTROPY_LEVELS)
    padded = pad(inside, (left - begin, end - right))
    padded = pad(padded, (0, -len(padded) % size)).view(-1, size)
    filled = padded > 0
    spread = padded.sum(dim=1, keepdim=True) / filled.sum(dim=1, keepdim=True).clamp(min=1) * filled
    q = spread.flatten()[left - begin : left - begin + len(inside)]
    p, q = clipped / clipped.sum(), q / q.sum()
    if bool(((p > 0) & (q == 0)).any()):
        return math.inf
    held = p > 0
    return float((p[held] * torch.log(p[held] / q[held])).sum())


def _ends(values: Tensor) -> tuple[float, float]:
    low, high = (float(end) for end in values.detach().aminmax())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ModelError("an activation is NaN or infinite on the calibration data, so that it has no range")
    return low, high
