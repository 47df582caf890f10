"""Encoder-decoders that write: the encoder, the decoder of the first tokens, and that of all later ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from persopt.models.onnx_export.cached import flatten, name_cache
from persopt.models.onnx_export.comparing import Comparison
from persopt.models.onnx_export.inputs import make_inputs, make_tokens
from persopt.models.onnx_export.writing import Checked, Graph
from persopt.models.onnx_folders import (
    DECODER_FILE,
    ENCODER_FILE,
    WITH_PAST_FILE,
    EncoderDecoderRunner,
    open_onnx_runner,
)

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ("check_translation", "make_encoder_decoder_graphs")

T = TypeVar("T")

_BATCH, _SOURCE, _FIRST, _MORE = 2, 7, 5, 3  # rows, encoder tokens, cached and new decoder tokens of the traced calls
_ENCODED: Final = {0: "batch_size", 1: "encoder_sequence_length"}
_CROSS: Final = {0: "batch_size", 2: "encoder_sequence_length"}
_NEW: Final = {0: "batch_size", 1: "decoder_sequence_length"}
_PAST: Final = {0: "batch_size", 2: "past_decoder_sequence_length"}
_PRESENT: Final = {0: "batch_size", 2: "past_decoder_sequence_length + decoder_sequence_length"}


def make_encoder_decoder_graphs(model: PreTrainedModel) -> list[Graph]:
    """Return the three graphs."""
    import torch

    inputs = make_inputs(model, _BATCH, _SOURCE)
    tokens, mask = inputs["input_ids"], inputs["attention_mask"]
    target = make_tokens(model, _BATCH, _FIRST + _MORE, seed=1)
    with torch.no_grad():
        (hidden,) = _encode(model, tokens, mask)
        past = _decode(model, target[:, :_FIRST], mask, hidden, None).past_key_values
    layers = len(past.self_attention_cache.layers)
    own_names, cross_names = name_cache(layers, "decoder."), name_cache(layers, "encoder.")
    names = _interleave(own_names, cross_names)
    source = {"encoder_attention_mask": mask, "encoder_hidden_states": hidden}

    def decode_first(ids: Tensor, mask: Tensor, hidden: Tensor) -> tuple[Tensor, ...]:
        output = _decode(model, ids, mask, hidden, None)
        return (output.logits, *_flatten_both(output.past_key_values))

    def decode_more(ids: Tensor, mask: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
        given = dict(zip(names, values, strict=True))
        cache = _make_cache(model, [given[name] for name in own_names], [given[name] for name in cross_names])
        # Not looked at, since its keys and values are in the cache; but its shape is.
        hidden = torch.zeros(*mask.shape, 1)
        output = _decode(model, ids, mask, hidden, cache)
        return (output.logits, *flatten(output.past_key_values.self_attention_cache))

    first_outputs = ("logits", *(f"present.{name}" for name in names))
    more_outputs = ("logits", *(f"present.{name}" for name in own_names))
    axes = {"input_ids": _NEW, "logits": _NEW} | dict.fromkeys(source, _ENCODED)
    axes |= {f"past_key_values.{name}": _PAST for name in own_names}
    axes |= {f"past_key_values.{name}": _CROSS for name in cross_names}
    crosses = {f"present.{name}": _CROSS for name in cross_names}
    return [
        Graph(
            file=ENCODER_FILE,
            model=model,
            call=lambda ids, mask: _encode(model, ids, mask),
            examples={"input_ids": tokens, "attention_mask": mask},
            outputs=("last_hidden_state",),
            axes=dict.fromkeys(("input_ids", "attention_mask", "last_hidden_state"), _ENCODED),
        ),
        Graph(
            file=DECODER_FILE,
            model=model,
            call=decode_first,
            examples={"input_ids": target[:, :_FIRST]} | source,
            outputs=first_outputs,
            axes=axes | crosses | {f"present.{name}": {0: "batch_size", 2: _NEW[1]} for name in own_names},
        ),
        Graph(
            file=WITH_PAST_FILE,
            model=model,
            call=decode_more,
            examples={"input_ids": target[:, _FIRST:], "encoder_attention_mask": mask}
            | {f"past_key_values.{name}": value for name, value in zip(names, _flatten_both(past), strict=True)},
            outputs=more_outputs,
            axes=axes | {f"present.{name}": _PRESENT for name in own_names},
        ),
    ]


def check_translation(model: PreTrainedModel, folder: Path, _: Sequence[Graph], tolerance: float) -> Checked:
    """Decode at once, in pieces and token by token, and compare with PyTorch, which sees the target whole.

    Raises:
        ModelError: if an output differs by more than the tolerance.
    """
    import torch

    comparison, shapes = Comparison(tolerance), []
    with open_onnx_runner(folder) as runner:
        assert isinstance(runner, EncoderDecoderRunner)
        for batch, length, pieces in ((1, 2, (1,)), (2, 9, (6,)), (3, 5, (2, 4)), (2, 12, (1, 1, 1, 1, 1))):
            inputs = make_inputs(model, batch, length)
            target = make_tokens(model, batch, sum(pieces), seed=1)
            with torch.no_grad():
                expected: Any = model(**inputs, decoder_input_ids=target, use_cache=False, return_dict=True)
            encoded = runner.encode({name: value.numpy() for name, value in inputs.items()})
            shapes.append((batch, length))
            hidden, mask = encoded["encoder_hidden_states"], inputs["attention_mask"]
            comparison.add("last_hidden_state", hidden, expected.encoder_last_hidden_state, shapes[-1], mask)
            cache, start = None, 0
            for piece in pieces:
                end = start + piece
                logits, cache = runner.step(target[:, start:end].numpy(), encoded, cache)
                comparison.add("logits", logits, expected.logits[:, start:end], (batch, length, end))
                start = end
    return Checked(shapes=tuple(shapes), largest=comparison.largest)


def _encode(model: Any, tokens: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
    return (model.get_encoder()(input_ids=tokens, attention_mask=mask, return_dict=True).last_hidden_state,)


def _decode(model: Any, tokens: Tensor, mask: Tensor, hidden: Tensor, cache: Any) -> Any:
    from transformers.modeling_outputs import BaseModelOutput

    return model(
        encoder_outputs=BaseModelOutput(last_hidden_state=hidden),
        attention_mask=mask,
        decoder_input_ids=tokens,
        past_key_values=cache,
        use_cache=True,
        return_dict=True,
    )


def _flatten_both(cache: Any) -> list[Tensor]:
    """Return the keys and values of both caches, layer by layer: the order in which Optimum reads them."""
    return _interleave(flatten(cache.self_attention_cache), flatten(cache.cross_attention_cache))


def _interleave(own: Sequence[T], cross: Sequence[T]) -> list[T]:
    pairs = range(0, len(own), 2)
    return [item for start in pairs for both in (own, cross) for item in both[start : start + 2]]


def _make_cache(model: Any, own: Sequence[Tensor], cross: Sequence[Tensor]) -> Any:
    from transformers import DynamicCache, EncoderDecoderCache

    caches = []
    for tensors in (own, cross):
        cache = DynamicCache(config=model.config.get_text_config(decoder=True))
        for layer in range(len(tensors) // 2):
            cache.update(tensors[2 * layer], tensors[2 * layer + 1], layer)
        caches.append(cache)
    return EncoderDecoderCache(*caches)
