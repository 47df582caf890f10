"""A quantized model compiled as a whole by `torch.compile`, its integer weights constants of the graph.

What reads the same input is one product of joined weights: query, key and value of attention, gate and up of a gated
network. It is seen in the graph that is compiled, so no table of architectures is kept.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import torch
from torch import nn
from torch.fx import Graph, GraphModule, Node

from persopt.quantization.torch_artifacts.compiling import compile_graph
from persopt.quantization.torch_artifacts.modules import IntegerLinear
from persopt.quantization.torch_artifacts.traced_products import multiply_quantized

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("compile_model", "join_products")

_LIBRARY: Final = torch.library.Library("persopt", "FRAGMENT")  # type: ignore[no-untyped-call]
_LIBRARY.define(  # type: ignore[no-untyped-call]
    "integer_linear(Tensor values, Tensor packed, Tensor scale, Tensor zero_point, Tensor? bias, bool symmetric, "
    "float? given_scale, int given_zero_point, int outputs, int number) -> Tensor"
)
_CHANGING: Final = frozenset({"setitem", "iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow"})

Weights: TypeAlias = "tuple[Tensor, Tensor, Tensor, Tensor | None]"
"""Packed integers, scales, zero points and bias."""


def _multiply(
    values: Tensor,
    packed: Tensor,
    scale: Tensor,
    zero_point: Tensor,
    bias: Tensor | None,
    symmetric: bool,
    given_scale: float | None,
    given_zero_point: int,
    *_: int,
) -> Tensor:
    given = None if given_scale is None else (given_scale, given_zero_point)
    return multiply_quantized(values, packed, scale, zero_point, bias, symmetric=symmetric, given=given)


def _shape(values: Tensor, *others: Any) -> Tensor:
    return values.new_empty((*values.shape[:-1], others[-2]), dtype=torch.float32)


_LIBRARY.impl("integer_linear", _multiply, "CompositeExplicitAutograd")  # type: ignore[no-untyped-call]
torch.library.register_fake("persopt::integer_linear", _shape, lib=_LIBRARY)


class NumberedLinear(nn.Module):
    """An integer layer that is one operator in a graph, known there by its number."""

    scale: Tensor
    zero_point: Tensor
    bias: Tensor | None
    weight: Tensor

    def __init__(self, layer: IntegerLinear, number: int) -> None:
        super().__init__()
        activation = layer.activation
        self.packed = layer.packed
        self.settings = (activation.symmetric, activation.scale, activation.zero_point, layer.outputs, number)
        for name in ("scale", "zero_point", "bias", "weight"):  # what is no buffer would have free shapes in the graph
            self.register_buffer(name, getattr(layer, name), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """Return values @ weight^T + bias, the values quantized."""
        weights = (self.packed, self.scale, self.zero_point, self.bias)
        result: Tensor = torch.ops.persopt.integer_linear(values, *weights, *self.settings)
        return result


def compile_model(model: nn.Module) -> Callable[[], None]:
    """Have a model compiled at its first calls, for one row and for more, each for all lengths; return what undoes it.

    The model must not be changed before that: nothing of it is looked at again in later calls.
    """
    layers: list[IntegerLinear] = []
    undone: list[Callable[[], None]] = []
    for name, layer in list(model.named_modules()):
        if isinstance(layer, IntegerLinear) and layer.activation.granularity == "tensor":
            parent, _, last = name.rpartition(".")
            owner = model.get_submodule(parent)
            setattr(owner, last, NumberedLinear(layer, len(layers)))
            undone.append(partial(setattr, owner, last, layer))
            layers.append(layer)
    joined: dict[tuple[int, ...], Weights] = {}

    def compile_joined(graph: GraphModule, inputs: Sequence[Any]) -> Any:
        ready, kept = join_products(graph, layers, joined)
        run = compile_graph(ready, [inputs[place] for place in kept], freezing=True)
        return lambda *given: run(*[given[place] for place in kept])

    nn.Module.compile(
        model,
        dynamic=True,
        backend=compile_joined,
        isolate_recompiles=True,  # two models of one architecture share code, and no weights
        options={"guard_filter_fn": torch.compiler.skip_guard_on_all_nn_modules_unsafe},
    )
    undone.append(partial(setattr, model, "_compiled_call_impl", None))

    def undo() -> None:
        for one in undone:
            one()

    return undo


def join_products(
    source: GraphModule, layers: Sequence[IntegerLinear], joined: dict[tuple[int, ...], Weights]
) -> tuple[GraphModule, list[int]]:
    """Return a graph in which weights are constants and equal inputs are multiplied once, and which inputs it takes.

    Args:
        source: What was traced; it is left as it is.
        layers: By number.
        joined: Weights joined before, by the layers' numbers; new ones are added.
    """
    graph = Graph()
    graph.output(graph.graph_copy(source.graph, {}))
    named = [node for node in graph.nodes if node.op in ("get_attr", "call_module")]
    constants: dict[str, Any] = {node.target: operator.attrgetter(node.target)(source) for node in named}
    for place, nodes in enumerate(_group(graph)):
        numbers: tuple[Any, ...] = tuple(node.args[-1] for node in nodes)
        parts = [layers[number] for number in numbers]
        if numbers not in joined:
            joined[numbers] = _join(parts)
        product, added = _add_product(graph, nodes[0], f"persopt_{place}", joined[numbers])
        constants |= added
        _replace(graph, nodes, product, [part.outputs for part in parts])
    inputs = [node for node in graph.nodes if node.op == "placeholder"]
    kept = [place for place, node in enumerate(inputs) if node.users]
    for node in inputs:
        if not node.users:
            graph.erase_node(node)
    graph.lint()
    result = GraphModule(constants, graph)
    result.meta = source.meta
    return result, kept


def _group(graph: Graph) -> list[list[Node]]:
    """Return the integer products, those together that read the same input in the same way."""
    groups: list[list[Node]] = []
    open_groups: dict[Any, list[Node]] = {}
    for node in graph.nodes:
        if node.op == "call_function" and node.target in _targets():
            key = (node.args[0], *node.args[5:8])
            if key not in open_groups:
                groups.append(open_groups.setdefault(key, []))
            open_groups[key].append(node)
        elif _changes(node):
            open_groups = {}  # what was read may be another thing now
    return groups


def _targets() -> tuple[Any, ...]:
    return torch.ops.persopt.integer_linear, torch.ops.persopt.integer_linear.default


def _changes(node: Node) -> bool:
    """Return whether an operation may change a tensor in place."""
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    name = name.removesuffix(".default")
    return (
        name in _CHANGING or "out" in node.kwargs or (name.endswith("_") and not name.endswith("__"))
    ) and node.op in ("call_function", "call_method")


def _join(layers: Sequence[IntegerLinear]) -> Weights:
    """Return the weights of one product that has the outputs of all layers, one after another."""
    if len(layers) == 1:
        return layers[0].packed, layers[0].scale, layers[0].zero_point, layers[0].bias
    integers = torch.cat([layer.packed.to_dense().t() for layer in layers])
    scale = torch.cat([layer.scale for layer in layers])
    biases = [torch.zeros_like(layer.scale) if layer.bias is None else layer.bias for layer in layers]
    bias = None if all(layer.bias is None for layer in layers) else torch.cat(biases)
    packed = torch.ops.onednn.qlinear_prepack(integers.contiguous(), None)
    return packed, scale, torch.zeros_like(scale, dtype=torch.int32), bias


def _add_product(graph: Graph, node: Node, name: str, weights: Weights) -> tuple[Node, dict[str, Tensor]]:
    """Put the product with these weights before that of a node; return it and the constants that it takes, by name."""
    names = [f"{name}_{part}" for part in ("packed", "scale", "zero_point", "bias")]
    constants = {name: tensor for name, tensor in zip(names, weights, strict=True) if tensor is not None}
    symmetric, scale, zero_point = node.args[5:8]
    settings: dict[str, Any] = {"symmetric": symmetric, "given": None if scale is None else (scale, zero_point)}
    with graph.inserting_before(node):
        stored = [graph.get_attr(name) if name in constants else None for name in names]
        return graph.call_function(multiply_quantized, (node.args[0], *stored), settings), constants


def _replace(graph: Graph, nodes: Sequence[Node], product: Node, counts: Sequence[int]) -> None:
    """Let parts of a product's outputs take the place of nodes that gave as many outputs."""
    first = 0
    with graph.inserting_after(product):
        for node, count in zip(nodes, counts, strict=True):
            part = product if len(nodes) == 1 else graph.call_function(_take, (product, first, first + count))
            node.replace_all_uses_with(part)
            graph.erase_node(node)
            first += count


def _take(values: Tensor, first: int, end: int) -> Tensor:
    return values[..., first:end]
