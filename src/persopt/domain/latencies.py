"""How long two models take for the same work."""

from __future__ import annotations

from msgspec import Struct

__all__ = ("LatencyComparison",)


class LatencyComparison(Struct, frozen=True, kw_only=True, rename="camel"):
    """Two models timed in turn on the same inputs, before, after, before, after, ...

    Attributes:
        before: Median time of a call of the model given, in milliseconds.
        after: The same of the result.
        speedup: Median over the pairs of time before by time after; above 1 the result is faster.
        low: Lower end of an interval that holds the true median with `confidence`, from the order of the pairs alone.
        high: Its upper end.
        confidence: What the interval's is, at least 0.95.
        pairs: Number of pairs, warm-up left out.
        inputs: Rows by tokens, or by the sides of an image, of a call.
        device: Where they ran.
        threads: Threads of torch.
    """

    before: float
    after: float
    speedup: float
    low: float
    high: float
    confidence: float
    pairs: int
    inputs: tuple[int, ...]
    device: str
    threads: int
