"""A graph, and PyTorch's two exporters that write one."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.domain.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from persopt.plugins.contracts.quantization import OnnxExporter

__all__ = ("BATCH", "FILE_LIMIT", "LENGTH", "Checked", "Graph", "evaluated", "quiet_export", "write_graph")

BATCH: Final = "batch"
LENGTH: Final = "length"
FILE_LIMIT: Final = 1_800_000_000  # a protobuf holds at most 2 GiB; bigger weights lie beside it
_OPSET: Final = 17  # of the tracing exporter; what ONNX Runtime's optimizer knows best
_OTHER: Final = {"dynamo": "try the exporter 'torchscript'", "torchscript": "try the exporter 'dynamo'"}
_COLOUR: Final = re.compile("\x1b\\[[0-9;]*m")


@dataclass(frozen=True, kw_only=True)
class Graph:
    """What becomes one ONNX file.

    Attributes:
        file: Name of the file.
        model: The whole model, whose weights the graph holds (or some of them).
        call: From the inputs in the order of `examples` to the outputs in that of `outputs`.
        examples: Inputs by name, none of their free dimensions 1.
        outputs: Names of the outputs.
        axes: Names of the free dimensions of inputs and outputs, by number.
        longest: Greatest length, if there is one.
    """

    file: str
    model: PreTrainedModel
    call: Callable[..., tuple[Tensor, ...]]
    examples: Mapping[str, Tensor]
    outputs: tuple[str, ...]
    axes: Mapping[str, Mapping[int, str]]
    longest: int | None = None


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a check found: shapes of the first input, and the greatest of all |ONNX - PyTorch|."""

    shapes: tuple[tuple[int, ...], ...]
    largest: float


def write_graph(graph: Graph, folder: Path, exporter: OnnxExporter, name: str, *, file_limit: int = FILE_LIMIT) -> None:
    """Write a graph into a folder.

    Args:
        graph: The graph.
        folder: Where its file goes, and beside it `FILE.data` if the weights are many.
        exporter: PyTorch's.
        name: The model's, for the error.
        file_limit: Bytes of weights above which they lie beside the file.

    Raises:
        ModelError: if the exporter fails.
    """
    import torch

    class Exported(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = graph.model

        def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
            return graph.call(*values)

    module, file = Exported().eval(), folder / graph.file
    size = sum(parameter.numel() * parameter.element_size() for parameter in graph.model.parameters())
    write = _write_by_dynamo if exporter == "dynamo" else _write_by_tracing
    try:
        write(graph, module, file, size > file_limit)
    except (torch.onnx.OnnxExporterError, RuntimeError, ValueError, IndexError, TypeError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        reason = _first_line(error.__cause__ or error)
        raise ModelError(
            f"{name} cannot be exported to ONNX by the exporter {exporter!r}: {reason}", hint=_OTHER[exporter]
        ) from error


def _write_by_dynamo(graph: Graph, module: Any, file: Path, apart: bool) -> None:
    import torch

    dims: dict[str, Any] = {BATCH: torch.export.Dim(BATCH), LENGTH: torch.export.Dim(LENGTH, max=graph.longest)}
    free = tuple(
        {axis: dims.get(word, torch.export.Dim.DYNAMIC) for axis, word in graph.axes[name].items()}
        for name in graph.examples
    )
    torch.onnx.export(
        module,
        tuple(graph.examples.values()),
        str(file),
        input_names=list(graph.examples),
        output_names=list(graph.outputs),
        dynamic_shapes=(free,),
        dynamo=True,
        external_data=apart,
        verbose=False,
    )


def _write_by_tracing(graph: Graph, module: Any, file: Path, apart: bool) -> None:
    import torch

    with torch.no_grad(), _eager_attention(graph.model):
        torch.onnx.export(
            module,
            tuple(graph.examples.values()),
            str(file),
            input_names=list(graph.examples),
            output_names=list(graph.outputs),
            dynamic_axes={name: dict(graph.axes[name]) for name in (*graph.examples, *graph.outputs)},
            opset_version=_OPSET,
            dynamo=False,
        )
    if apart:
        _move_weights(file)


def _move_weights(file: Path) -> None:
    """Put the weights of a file into one beside it; the tracing exporter makes a file of each if there are many."""
    import onnx

    kept = set(file.parent.glob("*.onnx*"))
    whole = onnx.load(file)
    for item in set(file.parent.iterdir()) - kept:
        item.unlink()
    file.unlink()
    onnx.save(whole, file, save_as_external_data=True, location=f"{file.name}.data")


@contextmanager
def evaluated(model: PreTrainedModel) -> Iterator[None]:
    """Have a model in evaluation mode while inside, each module as it was after."""
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


@contextmanager
def _eager_attention(model: Any) -> Iterator[None]:
    """Have a model spell its attention out while inside: ONNX Runtime's optimizer fuses only that."""
    before = model.config._attn_implementation  # noqa: SLF001 - Transformers has a setter and no getter
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.set_attn_implementation(before)


@contextmanager
def quiet_export() -> Iterator[None]:
    """Silence what the exporters say of themselves: operators of torchvision, tracing, deprecations."""
    from torch.jit._trace import TracerWarning

    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=TracerWarning)
            warnings.filterwarnings("ignore", module=r"torch\.(onnx|export)\b")
            warnings.filterwarnings("ignore", "You are using the legacy TorchScript-based ONNX export")
            warnings.filterwarnings("ignore", ".*LeafSpec", FutureWarning)
            yield
    finally:
        exporter.setLevel(level)


def _first_line(error: BaseException) -> str:
    lines = _COLOUR.sub("", str(error)).strip().splitlines()
    return lines[0] if lines else type(error).__name__
