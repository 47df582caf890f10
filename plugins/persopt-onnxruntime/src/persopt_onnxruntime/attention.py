"""Attention as one operator.

ONNX Runtime's own fusion knows the masks of older exports only. This one looks at what is multiplied and takes the
mask as it comes: as an addend, or as the padding's mask where it is shown to be nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from persopt_onnxruntime.graphs import Graph
from persopt_onnxruntime.masks import find_padding_masks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import ModelProto, NodeProto

__all__ = ("fuse_attention",)


@dataclass(frozen=True)
class _Attention:
    """What is computed: softmax(scale * q k' + sum of the addends) v, by head; each of shape (batch, length, width)."""

    query: str
    key: str
    value: str
    addends: tuple[str, ...]
    output: str
    heads: int
    scale: float
    last: NodeProto


def fuse_attention(model: ModelProto) -> int:
    """Replace each attention that is recognised, in place; return how many there were.

    Recognised is what Transformers' eager attention and PyTorch's `scaled_dot_product_attention` become by both
    exporters, where queries, keys and values come from (batch, length, width); rotary embeddings, caches and shared
    key heads are left as they are.
    """
    graph = Graph(model)
    widths = _widths(model)
    found = [item for node in graph.nodes if node.op_type == "Softmax" and (item := _match(graph, node, widths))]
    if not found:
        return 0
    masks = find_padding_masks(model, {item.addends[0] for item in found if len(item.addends) == 1})
    made: dict[tuple[str, ...], str] = {}
    for item in found:
        if item.addends and item.addends not in made:
            made[item.addends] = _join(graph, item, masks)
        graph.remove(item.last)
        graph.add(
            "Attention",
            [item.query, item.key, item.value, *([made[item.addends]] if item.addends else [])],
            item.output,
            q_num_heads=item.heads,
            kv_num_heads=item.heads,
            scale=item.scale,
        )
    graph.finish()
    return len(found)


def _join(graph: Graph, item: _Attention, masks: Mapping[str, str]) -> str:
    """Return the name of all addends' sum; where there is but the padding's mask, of that."""
    first, *others = item.addends
    if not others and first in masks:
        return _padding(graph, masks[first], item.query)
    for other in others:
        first = graph.add("Add", [first, other])
    return first


def _padding(graph: Graph, mask: str, query: str) -> str:
    """Make of the tokenizer's mask (batch, length) one of (batch, 1, length, length): which tokens are seen."""
    from onnx import TensorProto

    seen = graph.add("Cast", [mask], to=TensorProto.BOOL)
    row = graph.add("Unsqueeze", [seen, graph.add_constant("padding_axes", np.array([1, 2]))])
    length = graph.add("Shape", [query], start=1, end=2)
    one = graph.add_constant("one", np.array([1]))
    sizes = graph.add("Concat", [one, one, length, one], axis=0)
    return graph.add("Expand", [row, sizes])


def _match(graph: Graph, softmax: NodeProto, widths: dict[str, int]) -> _Attention | None:
    scores, addends = _scores(graph, softmax.input[0])
    scores, scale = _scaled(graph, scores)
    product = graph.maker(scores, "MatMul")
    values = _weighted(graph, softmax.output[0])
    if product is None or values is None:
        return None
    query, query_scale = _scaled(graph, product.input[0])
    key, key_scale = _scaled(graph, product.input[1])
    queries, keys, split_values = _split(graph, query), _split_keys(graph, key), _split(graph, values.input[1])
    last = _merged(graph, values.output[0])
    if last is None or queries is None or keys is None or split_values is None:
        return None
    size, width = queries[1], _split_width(graph, queries[0]) or widths.get(queries[0], 0)
    if size != keys[1] or size <= 0 or width <= 0 or width % size:
        return None
    return _Attention(
        query=queries[0],
        key=keys[0],
        value=split_values[0],
        addends=addends,
        output=last.output[0],
        heads=width // size,
        scale=scale * query_scale * key_scale,
        last=last,
    )


def _scores(graph: Graph, name: str) -> tuple[str, tuple[str, ...]]:
    """Return the name of the product, scaled or not, and of all that is added to it."""
    added = graph.maker(name, "Add")
    for one, other in (added.input, reversed(added.input)) if added is not None else ():
        scores, addends = _scores(graph, one)
        if graph.maker(_scaled(graph, scores)[0], "MatMul") is not None and graph.constant(other) is None:
            return scores, (*addends, other)
    return name, ()


def _scaled(graph: Graph, name: str) -> tuple[str, float]:
    """Return what a value was before a constant factor, and the factor."""
    node = graph.maker(name, "Mul", "Div")
    if node is None:
        return name, 1.0
    right, left = graph.scalar(node.input[1]), graph.scalar(node.input[0])
    if right is not None and right != 0:
        return node.input[0], right if node.op_type == "Mul" else 1 / right
    if left is not None and node.op_type == "Mul":
        return node.input[1], left
    return name, 1.0


def _weighted(graph: Graph, name: str) -> NodeProto | None:
    """Return the product of the softmax with the values; a guard against rows of nothing but NaN may stand between."""
    takers = [node for node in graph.takers.get(name, []) if node.op_type != "Shape"]
    if {node.op_type for node in takers} == {"IsNaN", "Where"}:
        guard = next(node for node in takers if node.op_type == "Where")
        return _taker(graph, guard.output[0], "MatMul")
    product = _taker(graph, name, "MatMul")
    return product if product is not None and product.input[0] == name else None


def _split_keys(graph: Graph, name: str) -> tuple[str, int] | None:
    """Return what `_split` does, of keys whose last two dimensions were swapped as well."""
    node = graph.maker(name, "Transpose")
    if node is None:
        return None
    if _order(node) == [0, 2, 3, 1]:  # both transposes in one
        return _source(graph, graph.maker(node.input[0], "Reshape"))
    return _split(graph, node.input[0]) if _order(node) == [0, 1, 3, 2] else None


def _split(graph: Graph, name: str) -> tuple[str, int] | None:
    """Return the value of shape (batch, length, width) that was split into heads, and the size of a head."""
    node = graph.maker(name, "Transpose")
    if node is None or _order(node) != [0, 2, 1, 3]:
        return None
    return _source(graph, graph.maker(node.input[0], "Reshape"))


def _source(graph: Graph, reshape: NodeProto | None) -> tuple[str, int] | None:
    size = None if reshape is None else _last_dimension(graph, reshape.input[1])
    return None if reshape is None or size is None else (reshape.input[0], size)


def _merged(graph: Graph, name: str) -> NodeProto | None:
    """Return the node after which the heads lie side by side again."""
    node = _taker(graph, name, "Transpose", "Reshape")
    if node is not None and node.op_type == "Reshape":
        node = _taker(graph, node.output[0], "Transpose")
    if node is None or _order(node) != [0, 2, 1, 3]:
        return None
    return _taker(graph, node.output[0], "Reshape")


def _taker(graph: Graph, name: str, *kinds: str) -> NodeProto | None:
    """Return the only node that takes a value and not just its shape, if it is of one of these operators."""
    takers = [node for node in graph.takers.get(name, []) if node.op_type != "Shape"]
    return takers[0] if len(takers) == 1 and takers[0].op_type in kinds and name not in graph.outputs else None


def _last_dimension(graph: Graph, shape: str) -> int | None:
    """Return the last of the four sizes that a reshape gives, if it is constant."""
    value = graph.constant(shape)
    if value is not None:
        return int(value[-1]) if value.size == 4 else None  # noqa: PLR2004 - batch, length, heads, size
    node = graph.maker(shape, "Concat")
    last = graph.constant(node.input[-1]) if node is not None else None
    return None if last is None else int(last.reshape(-1)[-1])


def _split_width(graph: Graph, name: str) -> int | None:
    """Return the last dimension of one of several parts that a value was cut into, as merged projections are."""
    node = graph.maker(name, "Split")
    sizes = graph.constant(node.input[1]) if node is not None and len(node.input) > 1 else None
    return None if node is None or sizes is None else int(sizes[list(node.output).index(name)])


def _order(node: NodeProto) -> list[int]:
    return next((list(item.ints) for item in node.attribute if item.name == "perm"), [])


def _widths(model: ModelProto) -> dict[str, int]:
    """Return the last dimension of each value of three, where it is known."""
    from onnx import shape_inference

    inferred = shape_inference.infer_shapes(model).graph
    widths: dict[str, int] = {}
    for item in (*inferred.value_info, *inferred.input, *inferred.output):
        sizes = item.type.tensor_type.shape.dim
        if len(sizes) == 3 and sizes[-1].HasField("dim_value"):  # noqa: PLR2004 - batch, length, width
            widths[item.name] = sizes[-1].dim_value
    return widths
