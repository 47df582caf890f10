"""A small index of an ONNX graph: who makes a value, who takes it, what is constant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

__all__ = ("MICROSOFT", "Graph", "open_part", "require_operators")

MICROSOFT = "com.microsoft"
"""Domain of ONNX Runtime's own operators."""


class Graph:
    """Edits the main graph of a model in place; call `finish` at the end.

    Values of subgraphs (`If`, `Loop`) that are taken from outside count as taken, so nothing that they need goes.
    """

    def __init__(self, model: ModelProto) -> None:
        self.model = model
        self.proto: GraphProto = model.graph
        self.initializers: dict[str, TensorProto] = {item.name: item for item in self.proto.initializer}
        self.makers: dict[str, NodeProto] = {}
        self.takers: dict[str, list[NodeProto]] = {}
        self.outputs = frozenset(item.name for item in self.proto.output)
        self.nodes: list[NodeProto] = list(self.proto.node)  # held, for identity is what tells nodes apart
        self._names = {name for node in self.nodes for name in (*node.input, *node.output)}
        self._names |= {*self.initializers, *(node.name for node in self.nodes)}
        for node in self.nodes:
            for name in node.output:
                self.makers[name] = node
            for name in _taken(node):
                self.takers.setdefault(name, []).append(node)
        self._new: list[NodeProto] = []
        self._dead: set[int] = set()

    def maker(self, name: str, *kinds: str) -> NodeProto | None:
        """Return the node that makes a value, if it is of one of these operators."""
        node = self.makers.get(name)
        return node if node is not None and (not kinds or node.op_type in kinds) else None

    def only_taker(self, name: str, *kinds: str) -> NodeProto | None:
        """Return the only node that takes a value, if it is of one of these operators."""
        takers = self.takers.get(name, [])
        fits = len(takers) == 1 and (not kinds or takers[0].op_type in kinds)
        return takers[0] if fits and name not in self.outputs else None

    def constant(self, name: str) -> np.ndarray[Any, Any] | None:
        """Return a constant's value."""
        from onnx import helper, numpy_helper

        if name in self.initializers:
            return numpy_helper.to_array(self.initializers[name])
        node = self.maker(name, "Constant")
        if node is None:
            return None
        given = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        return numpy_helper.to_array(given["value"]) if "value" in given else np.asarray(next(iter(given.values())))

    def scalar(self, name: str) -> float | None:
        """Return a constant of one element."""
        value = self.constant(name) if name else None
        return float(value.reshape(-1)[0]) if value is not None and value.size == 1 else None

    def new_name(self, base: str) -> str:
        """Return a name that nothing has yet."""
        name, count = base, 0
        while name in self._names:
            count += 1
            name = f"{base}_{count}"
        self._names.add(name)
        return name

    def add_constant(self, base: str, value: np.ndarray[Any, Any]) -> str:
        """Add an initializer and return its name."""
        from onnx import numpy_helper

        name = self.new_name(base)
        tensor = numpy_helper.from_array(np.ascontiguousarray(value), name)
        self.proto.initializer.append(tensor)
        self.initializers[name] = self.proto.initializer[-1]
        return name

    def add(
        self, kind: str, inputs: Sequence[str], output: str | None = None, *, domain: str = "", **attributes: Any
    ) -> str:
        """Add a node of one output and return the output's name."""
        from onnx import helper

        result = output or self.new_name(f"{inputs[0]}_{kind}")
        node = helper.make_node(
            kind, list(inputs), [result], self.new_name(f"{result}/{kind}"), domain=domain, **attributes
        )
        self._new.append(node)
        return result

    def add_many(self, kind: str, inputs: Sequence[str], outputs: Sequence[str]) -> list[str]:
        """Add a node of several outputs and return their names, which end in those given."""
        from onnx import helper

        results = [self.new_name(f"{inputs[0]}_{name}") for name in outputs]
        self._new.append(helper.make_node(kind, list(inputs), results, self.new_name(f"{results[0]}/{kind}")))
        return results

    def add_tensor(self, base: str, bits: np.ndarray[Any, Any], kind: int) -> str:
        """Add an initializer of a type that numpy lacks, from its bits, and return its name."""
        from onnx import helper

        name = self.new_name(base)
        self.proto.initializer.append(helper.make_tensor(name, kind, bits.shape, bits.tobytes(), raw=True))
        self.initializers[name] = self.proto.initializer[-1]
        return name

    def rename(self, old: str, new: str) -> None:
        """Let all that was there from the beginning take another value instead."""
        for node in self.takers.pop(old, []):
            for place, name in enumerate(node.input):
                if name == old:
                    node.input[place] = new

    def remove(self, node: NodeProto) -> None:
        """Take a node out; what it made must be made by another, or taken by none."""
        self._dead.add(id(node))

    def finish(self) -> None:
        """Put the changes in: sort the nodes, and drop those and the constants that nothing takes any more."""
        nodes = [node for node in self.nodes if id(node) not in self._dead] + self._new
        makers = {name: node for node in nodes for name in node.output if name}
        order: list[NodeProto] = []
        seen: set[int] = set()
        stack: list[tuple[NodeProto, bool]] = [
            (makers[item.name], False) for item in reversed(self.proto.output) if item.name in makers
        ]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                stack.extend((makers[name], False) for name in reversed(_taken(node)) if name in makers)
        kept = [_copy(node) for node in order]
        del self.proto.node[:]
        self.proto.node.extend(kept)
        taken = {name for node in kept for name in _taken(node)} | self.outputs
        constants = [item for item in self.proto.initializer if item.name in taken]
        if len(constants) < len(self.proto.initializer):
            kept_constants = [_copy(item) for item in constants]
            del self.proto.initializer[:]
            self.proto.initializer.extend(kept_constants)


def require_operators(model: ModelProto, domain: str, version: int) -> None:
    """Declare a domain of operators, unless the model does already."""
    from onnx import helper

    if all(item.domain != domain for item in model.opset_import):
        model.opset_import.append(helper.make_opsetid(domain, version))


def open_part(model: ModelProto, outputs: Sequence[str], threads: int = 1) -> Any:
    """Open, for running, what of a float model is needed to make these values; it is not changed."""
    import onnx
    import onnxruntime

    part = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import, functions=model.functions)
    part.graph.name = "part"
    needed = set(outputs)
    nodes: list[NodeProto] = []
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            nodes.append(node)
            needed.update(_taken(node))
    part.graph.node.extend(reversed(nodes))
    part.graph.initializer.extend(item for item in model.graph.initializer if item.name in needed)
    part.graph.input.extend(item for item in model.graph.input if item.name in needed)
    part.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    return onnxruntime.InferenceSession(part.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _taken(node: NodeProto) -> list[str]:
    """Return the names of the values that a node takes, those of its subgraphs included."""
    names = [name for name in node.input if name]
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs) if attribute.type in {5, 10} else ():
            own = {name for inner in graph.node for name in inner.output} | {item.name for item in graph.initializer}
            names += [name for inner in graph.node for name in _taken(inner) if name not in own]
            names += [item.name for item in graph.output if item.name not in own]
    return names


def _copy(message: Any) -> Any:
    copied = type(message)()
    copied.CopyFrom(message)
    return copied
