"""Inputs of a wanted shape for a model, to time it and to look at its outputs where there are no data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.models.loading import load_config

if TYPE_CHECKING:
    import numpy as np

__all__ = ("image_side", "make_inputs")

_WRITTEN: Final = 16  # tokens that an encoder-decoder is given as already written
_IMAGE_SIDE: Final = 224


def make_inputs(model: Path, batch: int, length: int, seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
    """Return random full rows (nothing is padding), the same for the same seed.

    Args:
        model: Folder of the model; its configuration says what it takes.
        batch: Rows.
        length: Tokens of a row; of images it says nothing, they have the size of the configuration.
        seed: Of the tokens or pixels.
    """
    import numpy as np

    config: Any = load_config(model)
    chance = np.random.default_rng((seed, batch, length))
    if getattr(config, "num_channels", None) and getattr(config, "vocab_size", None) is None:
        side = image_side(model)
        shape = (batch, int(config.num_channels), side, side)
        return {"pixel_values": chance.standard_normal(shape, dtype=np.float32)}
    text: Any = config.get_text_config()
    vocabulary = int(text.vocab_size)
    # Among the first ids are the special ones; padding in the middle of a row means something to RoBERTa.
    tokens = chance.integers(min(5, vocabulary - 1), vocabulary, (batch, length), dtype=np.int64)
    end = getattr(config, "eos_token_id", None)
    writes = bool(getattr(config, "is_encoder_decoder", False))
    if writes and isinstance(end, int):
        tokens[:, -1] = end  # T5 classifies by the state of its last end-of-text token
    inputs = {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
    if writes:
        inputs["decoder_input_ids"] = tokens[:, : min(_WRITTEN, length)].copy()
    return inputs


def image_side(model: Path) -> int:
    """Return the side of the images that a model takes, in pixels."""
    size = getattr(load_config(model), "image_size", None)
    if isinstance(size, tuple | list):
        return int(size[0])
    return int(size or _IMAGE_SIDE)
