"""Inputs that a model is traced and checked with: random, and always the same."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ("find_longest", "make_inputs", "make_tokens")


def make_inputs(model: PreTrainedModel, batch: int, length: int) -> dict[str, Tensor]:
    """Return inputs of an encoder, a decoder or a model of images; all rows but the last end in padding."""
    import torch

    config: Any = model.config
    takes = inspect.signature(model.forward).parameters
    chance = torch.Generator().manual_seed(batch * 1000 + length)
    if "pixel_values" in takes:
        size = config.image_size if isinstance(config.image_size, (tuple, list)) else (config.image_size,) * 2
        return {"pixel_values": torch.randn(batch, config.num_channels, *size, generator=chance)}
    tokens = make_tokens(model, batch, length)
    mask = torch.ones_like(tokens)
    padding = getattr(config, "pad_token_id", None)
    for row in range(batch - 1):
        mask[row, length // 2 + 1 :] = 0
        tokens[row, length // 2 + 1 :] = tokens[row, 0] if padding is None else padding
    inputs = {"input_ids": tokens, "attention_mask": mask}
    if "token_type_ids" in takes and getattr(config, "type_vocab_size", 0) > 1:
        inputs["token_type_ids"] = torch.randint(2, (batch, length), generator=chance)
    return inputs


def make_tokens(model: PreTrainedModel, batch: int, length: int, seed: int = 0) -> Tensor:
    """Return ids of tokens, none of them padding."""
    import torch

    config: Any = model.config
    chance = torch.Generator().manual_seed((seed * 1000 + batch) * 1000 + length)
    tokens = torch.randint(config.vocab_size, (batch, length), generator=chance)
    padding = getattr(config, "pad_token_id", None)
    if padding is not None:
        tokens[tokens == padding] = (padding + 1) % config.vocab_size
    return tokens


def find_longest(model: PreTrainedModel) -> int:
    """Return a length that a model takes at least."""
    config: Any = model.config
    positions = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or 512
    # RoBERTa counts positions from the padding id + 1; for all others this is only a little cautious.
    return max(2, int(positions) - (getattr(config, "pad_token_id", None) or 0) - 1)
