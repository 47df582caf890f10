"""Of which shapes the inputs are whose speed is measured, for one model or several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.models.description import ModelDescription

__all__ = ("Shapes", "choose_shapes")

_BATCH_SIZES: Final = (1, 16)
_LENGTHS: Final = (32, 128)


class Shapes(Struct, frozen=True, kw_only=True):
    """Rows of a call, and tokens of a row: of images only 0, which is not looked at."""

    batch_sizes: list[int]
    lengths: list[int]
    faults: list[Fault]


def choose_shapes(models: Sequence[ModelDescription], batch_sizes: Sequence[int], lengths: Sequence[int]) -> Shapes:
    """Return shapes that all models take, each once, with the faults of those that were given.

    Args:
        models: At least one.
        batch_sizes: Those asked for; 1 and 16 if there are none.
        lengths: Likewise; 32 and 128, or what the models take.
    """
    limits = [one.max_tokens for one in models if one.max_tokens is not None]
    images = any(one.has_image_processor and not one.has_tokenizer for one in models)
    faults = list(_check_lengths(lengths, min(limits, default=None), images=images))
    chosen = list(lengths) or [min(one, *limits) if limits else one for one in _LENGTHS]
    return Shapes(
        batch_sizes=list(dict.fromkeys(batch_sizes or _BATCH_SIZES)),
        lengths=[0] if images else list(dict.fromkeys(chosen)),
        faults=faults,
    )


def _check_lengths(lengths: Sequence[int], most: int | None, *, images: bool) -> Iterator[Fault]:
    if lengths and images:
        message = f"a model of images takes them of one size, got {list(lengths)}; leave it out"
        yield Fault(path="$.lengths", message=message)
        return
    for index, length in enumerate(lengths):
        if most is not None and length > most:
            yield Fault(path=f"$.lengths[{index}]", message=f"the model takes at most {most} tokens, got {length}")
