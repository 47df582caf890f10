"""Decoders that write, with a cache of the keys and values of all earlier tokens."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.models.onnx_export.comparing import Comparison
from persopt.models.onnx_export.inputs import make_tokens
from persopt.models.onnx_export.writing import Checked, Graph
from persopt.models.onnx_folders import MODEL_FILE
from persopt.models.onnx_runner import OnnxRunner, open_session

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ("check_steps", "flatten", "make_cached_graph", "name_cache")

_PAST: Final = {0: "batch_size", 2: "past_sequence_length"}
_PRESENT: Final = {0: "batch_size", 2: "past_sequence_length + sequence_length"}
_TOTAL: Final = {0: "batch_size", 1: "past_sequence_length + sequence_length"}
_NEW: Final = {0: "batch_size", 1: "sequence_length"}
_BATCH, _FIRST, _MORE = 2, 5, 3  # rows, cached tokens and new tokens of the traced call


def make_cached_graph(model: PreTrainedModel) -> Graph:
    """Return the graph from tokens and the cache of those before to logits and the cache of all."""
    import torch
    from transformers import DynamicCache

    tokens = make_tokens(model, _BATCH, _FIRST + _MORE)
    mask = torch.ones_like(tokens)
    with torch.no_grad():
        past = model(input_ids=tokens[:, :_FIRST], use_cache=True, return_dict=True).past_key_values
    examples: dict[str, Tensor] = {"input_ids": tokens[:, _FIRST:], "attention_mask": mask}
    if "position_ids" in inspect.signature(model.forward).parameters:
        examples["position_ids"] = _count_positions(mask)[:, _FIRST:]
    named = tuple(examples)
    layers = len(past.layers)
    pairs = name_cache(layers)
    examples |= {f"past_key_values.{name}": value for name, value in zip(pairs, flatten(past), strict=True)}
    config: Any = model.config.get_text_config(decoder=True)

    def call(*values: Tensor) -> tuple[Tensor, ...]:
        cache = DynamicCache(config=config)
        rest = values[len(named) :]
        for layer in range(layers):
            cache.update(rest[2 * layer], rest[2 * layer + 1], layer)
        given = dict(zip(named, values[: len(named)], strict=True))
        output: Any = model(**given, past_key_values=cache, use_cache=True, return_dict=True)
        return (output.logits, *flatten(output.past_key_values))

    outputs = ("logits", *(f"present.{name}" for name in pairs))
    axes = {name: _PAST if name.startswith("past") else _NEW for name in examples} | {"attention_mask": _TOTAL}
    presents = dict.fromkeys(outputs[1:], _PRESENT)
    return Graph(
        file=MODEL_FILE,
        model=model,
        call=call,
        examples=examples,
        outputs=outputs,
        axes=axes | {"logits": _NEW} | presents,
    )


def check_steps(model: PreTrainedModel, folder: Path, graphs: Sequence[Graph], tolerance: float) -> Checked:
    """Feed sequences at once, in pieces and token by token, and compare with PyTorch, which sees them whole.

    Rows begin with padding; only the logits of real tokens count.

    Raises:
        ModelError: if logits differ by more than the tolerance.
    """
    import torch

    runner = OnnxRunner(open_session(folder / graphs[0].file))
    comparison, shapes = Comparison(tolerance), []
    for batch, pieces in ((1, (1,)), (2, (7,)), (3, (4, 3, 5)), (2, (3, 1, 1, 1, 1))):
        tokens = make_tokens(model, batch, sum(pieces))
        mask = torch.ones_like(tokens)
        mask[: batch - 1, : min(2, pieces[0] - 1)] = 0
        given = {"input_ids": tokens, "attention_mask": mask}
        if "position_ids" in runner.inputs:
            given["position_ids"] = _count_positions(mask)
        with torch.no_grad():
            expected = model(**given, use_cache=False, return_dict=True).logits
        cache, start = None, 0
        for piece in pieces:
            end = start + piece
            step = {name: value[:, start:end] for name, value in given.items()} | {"attention_mask": mask[:, :end]}
            logits, cache = runner.step({name: value.numpy() for name, value in step.items()}, cache)
            comparison.add("logits", logits, expected[:, start:end], (batch, end), mask[:, start:end])
            start = end
        shapes.append((batch, start))
    return Checked(shapes=tuple(shapes), largest=comparison.largest)


def name_cache(layers: int, inner: str = "") -> list[str]:
    """Return the names of a cache's tensors: `0.key`, `0.value`, `1.key`, ..., or `0.decoder.key`."""
    return [f"{layer}.{inner}{kind}" for layer in range(layers) for kind in ("key", "value")]


def flatten(cache: Any) -> list[Tensor]:
    """Return the keys and values of a cache, layer by layer."""
    return [tensor for layer in cache.layers for tensor in (layer.keys, layer.values)]


def _count_positions(mask: Tensor) -> Tensor:
    """Return the positions of tokens, padding left out, as Transformers' `generate` counts them."""
    return (mask.cumsum(1) - 1).clamp(min=0)
