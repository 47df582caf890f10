"""Models of one call: encoders, models of images, and decoders without a cache."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from persopt.domain.errors import ModelError
from persopt.models.onnx_export.comparing import Comparison
from persopt.models.onnx_export.inputs import find_longest, make_inputs
from persopt.models.onnx_export.writing import BATCH, LENGTH, Checked, Graph
from persopt.models.onnx_folders import MODEL_FILE
from persopt.models.onnx_runner import open_session

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ("check_shapes", "make_plain_graph")

_LONGEST: Final = 33  # tokens of the longest input tried


def make_plain_graph(model: PreTrainedModel) -> Graph:
    """Return the graph of a model that takes all its inputs at once and gives every tensor of its output.

    Raises:
        ModelError: if the model does not run.
    """
    examples = make_inputs(model, 2, 7)
    names = tuple(examples)
    try:
        outputs = tuple(_run(model, examples))
    except (RuntimeError, ValueError) as error:  # such as a decoder that classifies and has no padding token
        raise ModelError(f"{type(model).__name__} does not run: {str(error).strip().splitlines()[0]}") from error
    if not outputs:
        raise ModelError(f"{type(model).__name__} gives no tensor that could be exported")

    def call(*values: Tensor) -> tuple[Tensor, ...]:
        found = _run(model, dict(zip(names, values, strict=True)))
        return tuple(found[name] for name in outputs)

    free = {name: {0: BATCH} if name == "pixel_values" else {0: BATCH, 1: LENGTH} for name in names}
    return Graph(
        file=MODEL_FILE,
        model=model,
        call=call,
        examples=examples,
        outputs=outputs,
        axes=free | {name: {0: BATCH} for name in outputs},
        longest=find_longest(model),
    )


def check_shapes(model: PreTrainedModel, folder: Path, graphs: Sequence[Graph], tolerance: float) -> Checked:
    """Run the file and the model on the same inputs of three shapes.

    Raises:
        ModelError: if an output differs by more than the tolerance.
    """
    (graph,) = graphs
    session = open_session(folder / graph.file)
    comparison, shapes = Comparison(tolerance), []
    for batch, length in ((1, 1), (2, 5), (3, min(_LONGEST, find_longest(model)))):
        inputs = make_inputs(model, batch, length)
        expected = _run(model, inputs)
        values = session.run(list(graph.outputs), {name: value.numpy() for name, value in inputs.items()})
        shapes.append(tuple(next(iter(inputs.values())).shape))
        for name, value in zip(graph.outputs, values, strict=True):
            comparison.add(name, value, expected[name], shapes[-1])
    return Checked(shapes=tuple(shapes), largest=comparison.largest)


def _run(model: PreTrainedModel, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    import torch

    settings = {"use_cache": False} if "use_cache" in inspect.signature(model.forward).parameters else {}
    with torch.no_grad():
        output = model(**inputs, **settings, return_dict=True)
    return {name: value for name, value in output.items() if isinstance(value, torch.Tensor)}
