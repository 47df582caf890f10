"""What the values of a float graph are like on calibration data."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from persopt.domain.errors import DataError
from persopt_onnxruntime.graphs import open_part
from persopt_onnxruntime.inputs import complete_inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from onnx import ModelProto

    from persopt.plugins import QuantizationRequest

__all__ = ("find_ranges", "sum_squares")

Batches: TypeAlias = "Iterable[Mapping[str, np.ndarray[Any, Any]]]"

_BINS: Final = {"percentile": 2048, "entropy": 512, "mse": 2048}
_QUANTIZED_BINS: Final = 128  # of the entropy's comparison, as in TensorRT
_SHRINKS: Final = np.linspace(1, 0.2, 41)


def find_ranges(
    model: ModelProto, names: Sequence[str], batches: Batches, request: QuantizationRequest
) -> dict[str, tuple[float, float]]:
    """Return the range of each named value, as `request.ranges` says.

    Percentile and entropy are ONNX Runtime's own, on histograms that are kept up batch by batch. With `mse` the range
    is that of all shrunken ones which rounds with the least mean squared error, by the histogram.

    Raises:
        DataError: if there is no batch, or a value is not finite.
    """
    if request.ranges == "min-max":
        return _find_extremes(model, names, batches, request)
    from onnxruntime.quantization.calibrate import HistogramCollector

    symmetric = bool(request.activation_symmetric)
    collector = HistogramCollector(
        method="percentile" if request.ranges == "percentile" else "entropy",
        symmetric=symmetric and request.ranges == "percentile",
        num_bins=_BINS[request.ranges],
        num_quantized_bins=_QUANTIZED_BINS,
        percentile=request.percentile,
        scenario="same",
    )
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does
        for values in _run(model, names, batches, request.threads):
            collector.collect(values)
        if request.ranges == "mse":
            return {name: _least_error(item, symmetric=symmetric) for name, item in collector.histogram_dict.items()}
        found = collector.compute_collection_result()
    return {name: (float(item[0]), float(item[1])) for name, item in found.items()}


def sum_squares(
    model: ModelProto, names: Sequence[str], batches: Batches, request: QuantizationRequest
) -> dict[str, np.ndarray[Any, Any]]:
    """Return the sum of x'x over all rows of each named value of shape (..., width): what GPTQ goes by.

    Raises:
        DataError: if there is no batch, or a value is not finite.
    """
    sums: dict[str, np.ndarray[Any, Any]] = {}
    for values in _run(model, names, batches, request.threads):
        for name, value in values.items():
            rows = value.reshape(-1, value.shape[-1])
            product = rows.T @ rows
            sums[name] = sums[name] + product if name in sums else product.astype(np.float64)
    return sums


def _find_extremes(
    model: ModelProto, names: Sequence[str], batches: Batches, request: QuantizationRequest
) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for values in _run(model, names, batches, request.threads):
        for name, value in values.items():
            low, high = found.get(name, (np.inf, -np.inf))
            found[name] = (min(low, float(value.min())), max(high, float(value.max())))
    return found


def _run(
    model: ModelProto, names: Sequence[str], batches: Batches, threads: int | None
) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
    session = open_part(model, names, threads or 0)
    takes = session.get_inputs()
    inputs = [item.name for item in takes]
    count = 0
    for count, given in enumerate(batches, 1):
        batch = complete_inputs(takes, given)
        missing = [name for name in inputs if name not in batch]
        if missing:
            raise DataError(f"the calibration data lack {', '.join(missing)}, which the model takes")
        values = dict(zip(names, session.run(list(names), {name: batch[name] for name in inputs}), strict=True))
        for name, value in values.items():
            if not np.isfinite(value).all():
                raise DataError(
                    f"the model gives a value that is not finite on the calibration data (batch {count}, {name}), "
                    "so no range can be found",
                    hint="check the model, or calibrate on other data",
                )
        yield values
    if not count:
        raise DataError("there are no calibration data")


def _least_error(histogram: tuple[Any, ...], *, symmetric: bool) -> tuple[float, float]:
    """Return the range that rounds the middles of the bins to 256 levels (symmetric: 255) with least error."""
    counts, edges = np.asarray(histogram[0]), np.asarray(histogram[1])
    middles = ((edges[:-1] + edges[1:]) / 2)[counts > 0].astype(np.float64)
    counts = counts[counts > 0]
    low, high = min(float(histogram[2]), 0.0), max(float(histogram[3]), 0.0)
    if symmetric:
        reach = max(-low, high)
        candidates = [(-reach * shrink, reach * shrink) for shrink in _SHRINKS]
    else:
        candidates = [(low * left, high * right) for left in _SHRINKS for right in _SHRINKS]
    levels = 254 if symmetric else 255
    errors = []
    for start, stop in candidates:
        step = (stop - start) / levels or 1.0
        rounded = np.clip(np.round(middles / step), round(start / step), round(stop / step)) * step
        errors.append(float((counts * (middles - rounded) ** 2).sum()))
    return candidates[int(np.argmin(errors))]
