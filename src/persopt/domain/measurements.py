"""What was measured of a model, and of two models in turn."""

from __future__ import annotations

from msgspec import Struct

__all__ = ("Estimate", "LayerError", "MemoryUse", "OutputError", "SpeedComparison", "SpeedMeasurement")


class Estimate(Struct, frozen=True, kw_only=True, rename="camel"):
    """A value measured on a sample, with an interval that holds the true one with `confidence`."""

    value: float
    low: float
    high: float
    confidence: float = 0.95


class SpeedMeasurement(Struct, frozen=True, kw_only=True, rename="camel"):
    """How long calls of one model take for inputs of one shape.

    Attributes:
        batch: Rows of a call.
        length: Tokens of a row, or the side of an image.
        p50: Median time of a call, in milliseconds.
        p95: 95th percentile, likewise.
        p99: 99th percentile, likewise.
        throughput: Rows a second, at the median.
        calls: Number of calls, warm-up left out.
    """

    batch: int
    length: int
    p50: float
    p95: float
    p99: float
    throughput: float
    calls: int


class SpeedComparison(Struct, frozen=True, kw_only=True, rename="camel"):
    """Two models timed in turn (A B A B ...) on the same inputs of one shape.

    Attributes:
        before: The model given.
        after: The result.
        speedup: Time before by time after, with its interval; above 1 the result is faster.
        threads: CPU threads of each.
        device: Where they ran.
    """

    before: SpeedMeasurement
    after: SpeedMeasurement
    speedup: Estimate
    threads: int
    device: str


class MemoryUse(Struct, frozen=True, kw_only=True, rename="camel"):
    """Memory of a fresh process that loads a model and runs it, in bytes.

    Attributes:
        peak: Largest resident set.
        base: Resident set before the model was loaded, its libraries imported.
        load_seconds: Time from the folder to the first output.
    """

    peak: int
    base: int
    load_seconds: float


class OutputError(Struct, frozen=True, kw_only=True, rename="camel"):
    """How far outputs are from those of the original, on the same inputs.

    Attributes:
        largest: Greatest of all |original - result|.
        mean: Mean of |original - result|.
        cosine: Mean over the rows of the cosine between both.
        rows: Number of rows.
    """

    largest: float
    mean: float
    cosine: float
    rows: int


class LayerError(Struct, frozen=True, kw_only=True, rename="camel"):
    """What it does to the outputs when only this layer is quantized.

    Attributes:
        name: The layer's name in the model.
        parameters: Number of its weights.
        error: Mean squared error of the outputs, by the mean square of the original's.
        cosine: Mean cosine of the outputs with the original's.
    """

    name: str
    parameters: int
    error: float
    cosine: float
