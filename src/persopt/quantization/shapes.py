"""Of which shapes the inputs are whose speed is measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from persopt.domain.errors import Fault
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.models.description import ModelDescription

__all__ = ("check_shapes", "choose_batch_sizes", "choose_lengths", "reads_images")

_BATCH_SIZES: Final = (1, 16)
_LENGTHS: Final = (32, 128)


def choose_batch_sizes(spec: QuantizeSpec) -> list[int]:
    """Return the numbers of rows of a call."""
    return list(dict.fromkeys(spec.batch_sizes or _BATCH_SIZES))


def choose_lengths(spec: QuantizeSpec, description: ModelDescription) -> list[int]:
    """Return the numbers of tokens of a row, no more than the model takes; none for a model of images."""
    if reads_images(description):
        return []
    most = description.max_tokens
    return list(dict.fromkeys(spec.lengths or [min(one, most or one) for one in _LENGTHS]))


def check_shapes(spec: QuantizeSpec, description: ModelDescription) -> Iterator[Fault]:
    """Give the faults of lengths that the model cannot be called with."""
    if spec.lengths and reads_images(description):
        message = f"the model takes images of one size, got {spec.lengths}"
        yield Fault(path="$.lengths", message=message, hint="leave it out")
    elif description.max_tokens is not None:
        for index, length in enumerate(spec.lengths):
            if length > description.max_tokens:
                message = f"the model takes at most {description.max_tokens} tokens, got {length}"
                yield Fault(path=f"$.lengths[{index}]", message=message)


def reads_images(description: ModelDescription) -> bool:
    """Return whether a model takes images, not tokens."""
    return description.has_image_processor and not description.has_tokenizer
