"""8-bit products: integers times integers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from persopt_onnxruntime.graphs import MICROSOFT, Graph
from persopt_onnxruntime.schemes import Columns, quantize_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from persopt.plugins import QuantizationRequest
    from persopt_onnxruntime.linears import Linear

__all__ = ("activation_scale", "multiply_dynamically", "multiply_statically")


def multiply_dynamically(
    graph: Graph, linears: Sequence[Linear], request: QuantizationRequest, *, reduce_range: bool
) -> None:
    """Replace products: what is multiplied is rounded to 8 bits as it comes, by the range of the whole tensor.

    A value that several products take is rounded once.
    """
    uses = Counter(item.x for item in linears)
    rounded: dict[str, list[str]] = {}
    for item in linears:
        weight = _add_weight(graph, item, request, reduce_range=reduce_range)
        for node in item.nodes:
            graph.remove(node)
        if uses[item.x] == 1:
            graph.add("DynamicQuantizeMatMul", [item.x, *weight, item.bias], item.output, domain=MICROSOFT)
            continue
        if item.x not in rounded:
            rounded[item.x] = graph.add_many("DynamicQuantizeLinear", [item.x], ["integers", "scale", "zero_point"])
        _multiply(graph, rounded[item.x], weight, item)


def multiply_statically(
    graph: Graph,
    linears: Sequence[Linear],
    request: QuantizationRequest,
    ranges: Mapping[str, tuple[float, float]],
    *,
    reduce_range: bool,
) -> None:
    """Replace products: what is multiplied is rounded to 8 bits by a range found before, outliers cut off."""
    rounded: dict[str, list[str]] = {}
    for item in linears:
        weight = _add_weight(graph, item, request, reduce_range=reduce_range)
        for node in item.nodes:
            graph.remove(node)
        if item.x not in rounded:
            scale, zero_point = activation_scale(*ranges[item.x], symmetric=bool(request.activation_symmetric))
            names = [
                graph.add_constant(f"{item.x}_scale", scale),
                graph.add_constant(f"{item.x}_zero_point", zero_point),
            ]
            rounded[item.x] = [graph.add("QuantizeLinear", [item.x, *names]), *names]
        _multiply(graph, rounded[item.x], weight, item)


def activation_scale(low: float, high: float, *, symmetric: bool) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return scale and zero point that map a range, widened to hold 0, to unsigned 8 bits.

    Symmetric: 128 stands for 0 and both sides reach equally far.
    """
    low, high = min(low, 0.0), max(high, 0.0)
    if symmetric:
        scale, zero_point = max(-low, high) / 127, 128
    else:
        scale = (high - low) / 255
        zero_point = round(-low / scale) if scale else 0
    return np.array(scale or 1, np.float32), np.array(zero_point, np.uint8)


def _multiply(graph: Graph, x: list[str], weight: list[str], item: Linear) -> None:
    integers, scale, zero_point = x
    matrix, matrix_scale, matrix_zero_point = weight
    inputs = [integers, matrix, scale, matrix_scale, zero_point, matrix_zero_point, item.bias]
    graph.add("MatMulIntegerToFloat", inputs, item.output, domain=MICROSOFT)


def _add_weight(graph: Graph, item: Linear, request: QuantizationRequest, *, reduce_range: bool) -> list[str]:
    weight = quantize_columns(
        item.weight, symmetric=request.symmetric, per_channel=request.per_channel, bits=7 if reduce_range else 8
    )
    return add_columns(graph, item.weight_name, weight)


def add_columns(graph: Graph, name: str, weight: Columns) -> list[str]:
    """Add a matrix's constants and return their names: integers, scale, zero point."""
    return [
        graph.add_constant(f"{name}_integers", weight.integers),
        graph.add_constant(f"{name}_scale", weight.scale),
        graph.add_constant(f"{name}_zero_point", weight.zero_point),
    ]
