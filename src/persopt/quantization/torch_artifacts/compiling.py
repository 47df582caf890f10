"""The repeated blocks of a quantized model compiled by `torch.compile`, and what runs a model that may not compile."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import torch
from torch import nn

from persopt.quantization.torch_artifacts.modules import IntegerLinear
from persopt.quantization.torch_artifacts.traced_products import quantize_rows

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from persopt.plugins.contracts.quantization import Runner

__all__ = ("Compilation", "CompiledRunner", "compile_blocks", "compile_graph", "has_compiler")

_LOGGER: Final = logging.getLogger(__name__)

Compilation: TypeAlias = Callable[[nn.Module], Callable[[], None]]
"""Has a model compiled at its first calls; returns what makes it eager again."""

# Inductor wants oneDNN's packed weights to be constants of the graph, so that each block would be compiled by itself.
# An operator that it does not know takes them as inputs, and all blocks of a model share what is compiled.
_LIBRARY: Final = torch.library.Library("persopt", "DEF")  # type: ignore[no-untyped-call]
_LIBRARY.define(  # type: ignore[no-untyped-call]
    "multiply_integers(Tensor integers, Tensor scale, Tensor zero_point, Tensor packed, Tensor weight_scale, "
    "Tensor weight_zero_point, Tensor? bias) -> Tensor"
)


def _multiply(
    integers: Tensor,
    scale: Tensor,
    zero_point: Tensor,
    packed: Tensor,
    weight_scale: Tensor,
    weight_zero_point: Tensor,
    bias: Tensor | None,
) -> Tensor:
    multiply = torch.ops.onednn.qlinear_pointwise.tensor
    parameters = (packed, weight_scale, weight_zero_point, bias)
    result: Tensor = multiply(integers, scale, zero_point, *parameters, 1.0, 0, torch.float32, "none", [], "")
    return result


def _shape(integers: Tensor, *others: Any) -> Tensor:
    return integers.new_empty((integers.shape[0], others[3].shape[0]), dtype=torch.float32)


_LIBRARY.impl("multiply_integers", _multiply, "CompositeExplicitAutograd")  # type: ignore[no-untyped-call]
torch.library.register_fake("persopt::multiply_integers", _shape, lib=_LIBRARY)


class TracedLinear(nn.Module):
    """An integer layer whose scale and zero point stay tensors, so that a graph can be made of it."""

    weight: Tensor
    given_scale: Tensor
    given_zero_point: Tensor

    def __init__(self, layer: IntegerLinear) -> None:
        super().__init__()
        activation = layer.activation
        self.outputs = layer.outputs
        self.packed, self.scale, self.zero_point, self.bias = layer.packed, layer.scale, layer.zero_point, layer.bias
        self.symmetric, self.static = activation.symmetric, activation.scale is not None
        self.register_buffer("given_scale", torch.tensor(activation.scale or 1.0), persistent=False)
        self.register_buffer("given_zero_point", torch.tensor(float(activation.zero_point)), persistent=False)
        self.register_buffer("weight", layer.weight, persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """Return values @ weight^T + bias, the values quantized."""
        rows = values.reshape(-1, values.shape[-1])
        if not len(rows):
            return values.new_empty(*values.shape[:-1], self.outputs)
        given = (self.given_scale, self.given_zero_point) if self.static else None
        integers, scale, zero_point = quantize_rows(rows, symmetric=self.symmetric, given=given)
        result: Tensor = torch.ops.persopt.multiply_integers(
            integers, scale, zero_point, self.packed, self.scale, self.zero_point, self.bias
        )
        return result.reshape(*values.shape[:-1], self.outputs)


class CompiledRunner:
    """Runs a compiled model; if it cannot be compiled, it says so in the log and goes on in the next way, then eagerly.

    Args:
        runner: Runs the model.
        model: The model.
        ways: To compile it, the one wanted first.
    """

    def __init__(self, runner: Runner, model: nn.Module, ways: Sequence[Compilation]) -> None:
        self._runner, self._model, self._ways = runner, model, list(ways)
        self._undo: Callable[[], None] | None = self._ways.pop(0)(model)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs that `run` takes."""
        return self._runner.inputs

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> Mapping[str, np.ndarray[Any, Any]]:
        """Return the outputs; the first call, and the first of more than one row, wait for the compiler."""
        from torch._dynamo.exc import TorchDynamoException

        while True:
            try:
                return self._runner.run(inputs)
            except TorchDynamoException as error:
                if self._undo is None:
                    raise
                self._undo()
                self._undo = self._ways.pop(0)(self._model) if self._ways else None
                what = "the model runs in eager mode" if self._undo is None else "the model's blocks are compiled alone"
                _LOGGER.warning("%s, torch.compile failed: %s", what, str(error).partition("\n")[0])


def has_compiler() -> bool:
    """Return whether there is the C++ compiler that `torch.compile` calls."""
    return shutil.which(os.environ.get("CXX", "g++")) is not None


def compile_blocks(model: nn.Module) -> Callable[[], None]:
    """Have the blocks that a model repeats compiled at their first call, for all shapes; return what undoes it.

    Source: PyTorch's recipe of regional compilation; equal blocks share what is compiled.
    """
    undone: list[Callable[[], None]] = []
    for block in _find_blocks(model):
        for name, layer in list(block.named_modules()):
            if isinstance(layer, IntegerLinear) and layer.activation.granularity == "tensor":
                parent, _, last = name.rpartition(".")
                owner = block.get_submodule(parent)
                setattr(owner, last, TracedLinear(layer))
                undone.append(lambda owner=owner, last=last, layer=layer: setattr(owner, last, layer))  # type: ignore[misc]
        block.compile(dynamic=True, backend=compile_graph)
        undone.append(lambda block=block: setattr(block, "_compiled_call_impl", None))  # type: ignore[misc]

    def undo() -> None:
        for one in undone:
            one()

    return undo


def compile_graph(graph: Any, inputs: Any, *, freezing: bool = False) -> Any:
    """Have Inductor compile a graph in this process, so that no worker of its pool stays behind.

    Args:
        graph: Of tensor operations.
        inputs: What it takes, as examples.
        freezing: Whether the graph's own tensors are constants.
    """
    with warnings.catch_warnings():
        # Inductor imports a part of PyTorch that uses the deprecated `torch.jit.script_method`.
        warnings.simplefilter("ignore", DeprecationWarning)
        from torch._inductor.compile_fx import compile_fx

        return compile_fx(graph, inputs, config_patches={"compile_threads": 1, "freezing": freezing})


def _find_blocks(module: nn.Module) -> Iterator[nn.Module]:
    """Give the members of the outermost lists of modules that have integer layers."""
    for child in module.children():
        if isinstance(child, nn.ModuleList):
            yield from (one for one in child if any(isinstance(part, IntegerLinear) for part in one.modules()))
        else:
            yield from _find_blocks(child)
