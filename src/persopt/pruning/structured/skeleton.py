"""A model without weights: what a configuration makes, on the meta device."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel

from persopt.models.quiet import quiet_transformers
from persopt.pruning.structured.families import Family
from persopt.pruning.structured.sizes import Sizes

__all__ = ("build_skeleton", "find_tensors", "resize_config", "trace_inputs")

_TOKENS = 6


def build_skeleton(
    model_class: type[PreTrainedModel], config: PreTrainedConfig, device: str = "meta"
) -> PreTrainedModel:
    """Build the model of a configuration, its attention written out step by step; on `meta` it has no values."""
    config = copy.deepcopy(config)
    config._attn_implementation = "eager"  # noqa: SLF001 - the constructor has no argument for it
    with torch.device(device), quiet_transformers():
        skeleton: Any = model_class(config)
    return skeleton.eval()  # type: ignore[no-any-return]


def resize_config(
    config: PreTrainedConfig, family: Family, sizes: Sizes, layers: Mapping[str, tuple[int, ...]]
) -> PreTrainedConfig:
    """Return a copy of a configuration that says these sizes.

    Args:
        config: Before the cut.
        family: Its architecture.
        sizes: After the cut.
        layers: Numbers of the layers kept, by the field with their number.
    """
    resized: Any = copy.deepcopy(config)
    setattr(resized, family.heads, sizes.heads)
    setattr(resized, family.hidden, sizes.hidden)
    if getattr(config, family.feed_forward) is not None or sizes.feed_forward != 4 * sizes.hidden:
        setattr(resized, family.feed_forward, sizes.feed_forward)
    if family.key_value_heads:
        setattr(resized, family.key_value_heads, sizes.key_value_heads)
    if family.head_size and (hasattr(config, family.head_size) or sizes.hidden != sizes.heads * sizes.head_size):
        setattr(resized, family.head_size, sizes.head_size)
    types = getattr(config, "layer_types", None)
    for field, kept in layers.items():
        setattr(resized, field, len(kept))
        if types and len(layers) == 1:
            resized.layer_types = [types[number] for number in kept]
    return resized  # type: ignore[no-any-return]


def trace_inputs(model: PreTrainedModel, family: Family) -> dict[str, Any]:
    """Return the smallest inputs that lead through all of a model, on its device."""
    config: Any = model.config
    device = model.device
    takes = inspect.signature(model.forward).parameters
    if "pixel_values" in takes:
        size = config.image_size if isinstance(config.image_size, (tuple, list)) else (config.image_size,) * 2
        return {"pixel_values": torch.empty(1, config.num_channels, *size, device=device)}
    # T5 classifies by the states at end-of-text tokens, and needs one.
    tokens = torch.full((1, _TOKENS), getattr(config, "eos_token_id", None) or 0, device=device)
    mask = torch.ones(1, _TOKENS, dtype=torch.long, device=device)
    choices = type(model).__name__.endswith("ForMultipleChoice")
    inputs: dict[str, Any] = {"input_ids": tokens[None] if choices else tokens}
    # These tensors may have no values. A causal mask without a mask of padding looks at some; other masks look at
    # the mask of padding if there is one.
    if config.is_encoder_decoder:
        if "decoder_input_ids" in takes:
            inputs |= {"decoder_input_ids": tokens, "decoder_attention_mask": mask}
    elif family.causal or getattr(config, "is_decoder", False):
        inputs["attention_mask"] = mask
    if "use_cache" in takes:
        inputs["use_cache"] = False
    return inputs


def find_tensors(output: Any) -> list[Tensor]:
    """Return all tensors in a model's output that gradients flow to."""
    if isinstance(output, Tensor):
        return [output] if output.requires_grad else []
    values = output.values() if isinstance(output, Mapping) else output if isinstance(output, (tuple, list)) else ()
    return [tensor for value in values for tensor in find_tensors(value)]
