"""The products of a graph with constant matrices: what there is to quantize."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from persopt_onnxruntime.graphs import Graph
from persopt_onnxruntime.naming import is_kept

if TYPE_CHECKING:
    from onnx import NodeProto

__all__ = ("Linear", "Table", "find_linears", "find_tables")

FEWEST_OUTPUTS: Final = 16
FEWEST_ROWS: Final = 64


@dataclass(frozen=True)
class Linear:
    """A product `x w + bias` of the graph.

    Attributes:
        module: Name of the module it comes from; empty if the graph does not tell.
        weight_name: Name of the constant.
        x: Name of the value that is multiplied.
        weight: The matrix (inputs, outputs).
        bias: Name of the constant addend of shape (outputs,), or empty.
        output: Name of the result.
        nodes: What has to go when another does its work.
    """

    module: str
    weight_name: str
    x: str
    weight: np.ndarray[Any, Any]
    bias: str
    output: str
    nodes: tuple[NodeProto, ...]


@dataclass(frozen=True)
class Table:
    """An embedding: rows of a constant matrix, looked up.

    Attributes:
        module: Name of the module it comes from; empty if the graph does not tell.
        name: Name of the constant.
        rows: The matrix (rows, width).
        indices: Name of the value that tells which rows.
        output: Name of the result.
        node: The look-up.
    """

    module: str
    name: str
    rows: np.ndarray[Any, Any]
    indices: str
    output: str
    node: NodeProto


def find_linears(graph: Graph, modules: Mapping[str, str], keep: Sequence[str]) -> Iterator[Linear]:
    """Find the products that are quantized, in the order of the graph.

    Left out are modules that match a pattern of `keep`, and those of fewer outputs than it pays for.
    """
    for node in graph.nodes:
        weight = _matrix(graph, node)
        module = modules.get(node.name) or modules.get(node.output[0], "")
        if weight is None or weight.shape[1] < FEWEST_OUTPUTS or is_kept(module, keep):
            continue
        bias, output = "", node.output[0]
        nodes: tuple[NodeProto, ...] = (node,)
        if node.op_type == "Gemm":
            bias = node.input[2] if len(node.input) > 2 else ""  # noqa: PLR2004 - the addend is the third
        elif (added := graph.only_taker(output, "Add")) is not None:
            other = next((name for name in added.input if name != output), "")
            if other in graph.initializers and list(graph.initializers[other].dims) == [weight.shape[1]]:
                bias, output, nodes = other, added.output[0], (node, added)
        yield Linear(
            module=module,
            weight_name=node.input[1],
            x=node.input[0],
            weight=weight,
            bias=bias,
            output=output,
            nodes=nodes,
        )


def find_tables(graph: Graph, modules: Mapping[str, str], keep: Sequence[str]) -> Iterator[Table]:
    """Find the embeddings that are quantized; those of few rows, such as two kinds of token, are left out."""
    for node in graph.nodes:
        if node.op_type != "Gather" or _integer(node, "axis", 0) != 0:
            continue
        rows = graph.constant(node.input[0]) if node.input[0] in graph.initializers else None
        module = modules.get(node.name) or modules.get(node.output[0], "")
        if rows is None or rows.ndim != 2 or rows.dtype != np.float32 or len(rows) < FEWEST_ROWS:  # noqa: PLR2004
            continue
        if not is_kept(module, keep):
            yield Table(
                module=module, name=node.input[0], rows=rows, indices=node.input[1], output=node.output[0], node=node
            )


def _matrix(graph: Graph, node: NodeProto) -> np.ndarray[Any, Any] | None:
    """Return the constant that a node multiplies by, as (inputs, outputs), if it is one that can be replaced."""
    if node.op_type not in {"MatMul", "Gemm"} or node.input[1] not in graph.initializers:
        return None
    if node.op_type == "Gemm":
        bias = graph.initializers.get(node.input[2]) if len(node.input) > 2 and node.input[2] else None  # noqa: PLR2004
        odd_bias = len(node.input) > 2 and node.input[2] and (bias is None or len(bias.dims) != 1)  # noqa: PLR2004
        if odd_bias or _integer(node, "transA", 0) or _number(node, "alpha") != 1 or _number(node, "beta") != 1:
            return None
    weight = graph.constant(node.input[1])
    if weight is None or weight.ndim != 2 or weight.dtype != np.float32:  # noqa: PLR2004
        return None
    return weight.T if _integer(node, "transB", 0) else weight


def _integer(node: NodeProto, name: str, default: int) -> int:
    return next((item.i for item in node.attribute if item.name == name), default)


def _number(node: NodeProto, name: str) -> float:
    return next((item.f for item in node.attribute if item.name == name), 1.0)
