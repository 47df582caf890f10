"""Weights that are only stored with fewer bits: float32 again once the model is open.

Nothing is left of it at run time: what is computed from constants is computed while the model is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from persopt.domain.errors import ModelError
from persopt_onnxruntime.graphs import Graph
from persopt_onnxruntime.integers import add_columns
from persopt_onnxruntime.schemes import quantize_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from persopt.plugins import QuantizationRequest
    from persopt_onnxruntime.linears import Linear

__all__ = ("store_integers", "store_short_floats")

_LEAST: Final = 256  # elements; below, the operator that reads them takes more room than it saves


def store_integers(graph: Graph, linears: Sequence[Linear], request: QuantizationRequest) -> None:
    """Store the matrices of products as 8-bit integers."""
    from onnx import TensorProto

    for item in linears:
        weight = quantize_columns(item.weight, symmetric=request.symmetric, per_channel=request.per_channel)
        integers, scale, zero_point = add_columns(graph, item.weight_name, weight)
        read = graph.add("Cast", [integers], to=TensorProto.FLOAT)
        if weight.zero_point.any():
            read = graph.add("Sub", [read, graph.add("Cast", [zero_point], to=TensorProto.FLOAT)])
        read = graph.add("Mul", [read, scale])
        for node in item.nodes:
            graph.remove(node)
        if not item.bias:
            graph.add("MatMul", [item.x, read], item.output)
        else:
            graph.add("Add", [graph.add("MatMul", [item.x, read]), item.bias], item.output)


def store_short_floats(graph: Graph, kind: Literal["bf16", "fp16"]) -> None:
    """Store every float32 constant of some size in 16 bits.

    Raises:
        ModelError: if a constant is too large for fp16.
    """
    from onnx import TensorProto, numpy_helper

    largest = float(np.finfo(np.float16).max)
    for name, tensor in list(graph.initializers.items()):
        value = numpy_helper.to_array(tensor)
        if value.dtype != np.float32 or value.size < _LEAST:
            continue
        if kind == "fp16":
            if np.abs(value).max() > largest:
                raise ModelError(
                    f"fp16 holds at most {largest:.0f}, and {name} has {np.abs(value).max():.3g}; use bf16"
                )
            stored = graph.add_constant(f"{name}_fp16", value.astype(np.float16))
        else:
            stored = graph.add_tensor(f"{name}_bf16", _shorten(value), TensorProto.BFLOAT16)
        graph.rename(name, graph.add("Cast", [stored], to=TensorProto.FLOAT))


def _shorten(
    value: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    """Return the bits of bfloat16, rounded to the nearest, halves to even."""
    bits = np.ascontiguousarray(value).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
