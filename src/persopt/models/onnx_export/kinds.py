"""Which models are exported, and in which form."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from persopt.domain.errors import ModelError
from persopt.models.heads import explain_misfit

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ("Kind", "check_exportable", "check_onnx", "find_kind", "takes_cache", "writes_targets")

Kind: TypeAlias = Literal["plain", "cached", "encoder-decoder"]

_TRANSLATES: Final = ("ForConditionalGeneration", "MTModel")
_WRITES: Final = ("ForCausalLM", "LMHeadModel")


def find_kind(model_class: type[PreTrainedModel], config: Any, *, cache: bool) -> Kind:
    """Return in which form a model is exported, with or without a cache if it can have one."""
    if config.is_encoder_decoder:
        return "encoder-decoder"
    writes = model_class.__name__.endswith(_WRITES) and not explain_misfit(config.to_dict(), "causal-language-modeling")
    return "cached" if cache and writes and _takes_cache(model_class) else "plain"


def check_exportable(model_class: type[PreTrainedModel], config: Any, *, cache: bool = False) -> None:
    """Look whether models of a class can be exported, before one is loaded.

    Raises:
        ModelError: if not, with what can be done instead.
    """
    name, takes = model_class.__name__, inspect.signature(model_class.forward).parameters
    if config.is_encoder_decoder and (not writes_targets(name) or "input_ids" not in takes):
        raise ModelError(
            f"{name} is an encoder-decoder without a language model's head, which is not exported to ONNX",
            hint="export its encoder alone, such as T5EncoderModel, or keep the safetensors checkpoint",
        )
    if "pixel_values" not in takes and "input_ids" not in takes:
        raise ModelError(f"{name} takes neither tokens nor images; only those are exported to ONNX")
    if find_kind(model_class, config, cache=cache) != "plain":
        _check_cache(name, config)


def takes_cache(model: PreTrainedModel) -> bool:
    """Return whether a model is a decoder that would be exported with a cache."""
    return find_kind(type(model), model.config, cache=True) == "cached"


def writes_targets(name: str) -> bool:
    """Return whether encoder-decoders of a class have a language model's head, as far as its name tells."""
    return name.endswith(_TRANSLATES)


def check_onnx(model: PreTrainedModel, *, cache: bool = False) -> None:
    """Look whether a model is of a kind that `export_onnx` takes, with or without a cache.

    Raises:
        ModelError: if it is not, with what can be done instead.
    """
    check_exportable(type(model), model.config, cache=cache)
    name = type(model).__name__
    kinds = {str(parameter.dtype).removeprefix("torch.") for parameter in model.parameters()}
    if kinds != {"float32"}:
        raise ModelError(f"{name} is {', '.join(sorted(kinds))}; ONNX export takes float32", hint="use model.float()")
    places = {parameter.device.type for parameter in model.parameters()}
    if places != {"cpu"}:
        raise ModelError(f"{name} is on {', '.join(sorted(places))}; ONNX export takes a model on the CPU")


def _check_cache(name: str, config: Any) -> None:
    """Refuse caches that are more than all keys and values so far: a sliding window, states of a recurrence."""
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    text = config.get_text_config(decoder=True)
    others = {type(layer).__name__ for layer in DynamicCache(config=text).layers if type(layer) is not DynamicLayer}
    if others:
        raise ModelError(
            f"{name} keeps a cache of another kind ({', '.join(sorted(others))}), such as a sliding window; ONNX "
            "export knows caches of all keys and values",
            hint="export it without a cache",
        )


def _takes_cache(model_class: type[PreTrainedModel]) -> bool:
    return "past_key_values" in inspect.signature(model_class.forward).parameters
