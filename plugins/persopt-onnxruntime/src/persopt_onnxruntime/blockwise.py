"""Weights of 4 bits in products, and embeddings of 8 and 4 bits, by ONNX Runtime's operators for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from persopt_onnxruntime.gptq import round_by_gptq
from persopt_onnxruntime.graphs import MICROSOFT, Graph
from persopt_onnxruntime.schemes import Blocks, pack_blocks, pick_block, quantize_blocks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from persopt.plugins import QuantizationRequest
    from persopt_onnxruntime.linears import Linear, Table

__all__ = ("look_up_in_blocks", "multiply_by_blocks")

_FLOAT_PRODUCTS: Final = 1  # of MatMulNBits' accuracy levels: float32
_INTEGER_PRODUCTS: Final = 4  # int8; what is multiplied is rounded, by block


def multiply_by_blocks(
    graph: Graph,
    linears: Sequence[Linear],
    request: QuantizationRequest,
    hessians: Mapping[str, np.ndarray[Any, Any]] | None = None,
) -> None:
    """Replace products by such with weights of 4 bits, `group_size` inputs of an output a block.

    Args:
        graph: Where they are.
        linears: Which.
        request: Of 4 bits; if it is of the method `dynamic`, what is multiplied is rounded to 8 bits.
        hessians: Sum of x'x for each value multiplied: the weights are then rounded by GPTQ.
    """
    for item in linears:
        inputs, outputs = item.weight.shape
        rows = item.weight.T
        blocks = (
            quantize_blocks(rows, request.group_size, bits=request.bits, symmetric=request.symmetric)
            if hessians is None
            else round_by_gptq(
                rows, hessians[item.x], request.group_size, bits=request.bits, symmetric=request.symmetric
            )
        )
        names = _add_blocks(graph, item.weight_name, blocks, request.bits, symmetric=request.symmetric)
        names += [""] * (3 - len(names)) + ["", item.bias] if item.bias else []
        for node in item.nodes:
            graph.remove(node)
        graph.add(
            "MatMulNBits",
            [item.x, *names],
            item.output,
            domain=MICROSOFT,
            K=inputs,
            N=outputs,
            bits=request.bits,
            block_size=request.group_size,
            accuracy_level=_INTEGER_PRODUCTS if request.method == "dynamic" else _FLOAT_PRODUCTS,
        )


def look_up_in_blocks(graph: Graph, tables: Sequence[Table], bits: int, *, symmetric: bool) -> None:
    """Replace look-ups by such in tables of 8 or 4 bits; each row has a scale for every 128 values or less."""
    made: dict[str, list[str]] = {}
    for item in tables:
        block = pick_block(item.rows.shape[1])
        if item.name not in made:
            blocks = quantize_blocks(item.rows, block, bits=bits, symmetric=symmetric)
            width = item.rows.shape[1]
            flat = Blocks(blocks.integers.reshape(len(item.rows), -1)[:, :width], blocks.scale, blocks.zero_points)
            made[item.name] = _add_blocks(graph, item.name, flat, bits, symmetric=symmetric)
        integers, scale, *zero_points = made[item.name]
        graph.remove(item.node)
        graph.add(
            "GatherBlockQuantized",
            [integers, item.indices, scale, *zero_points],
            item.output,
            domain=MICROSOFT,
            bits=bits,
            block_size=block,
            gather_axis=0,
            quantize_axis=1,
        )


def _add_blocks(graph: Graph, name: str, blocks: Blocks, bits: int, *, symmetric: bool) -> list[str]:
    """Add the constants and return their names; in the middle, which is the default, zero points are left out."""
    names = [
        graph.add_constant(f"{name}_integers", pack_blocks(blocks.integers, bits)),
        graph.add_constant(f"{name}_scale", blocks.scale),
    ]
    if not symmetric:
        names.append(graph.add_constant(f"{name}_zero_points", pack_blocks(blocks.zero_points, bits)))
    return names
