"""How much of each kind of unit a structured pruning cuts."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

__all__ = ("LayerRule", "Ratio", "StructuredRatios")

LayerRule = Literal["importance", "evenly", "first"]
Ratio = Annotated[float, Meta(ge=0, lt=1)]


class StructuredRatios(Struct, frozen=True, kw_only=True, rename="camel"):
    """What part of each kind is cut, 0 to below 1; every layer keeps the same number.

    Attributes:
        heads: Attention heads of each attention; with grouped queries, whole key-value groups.
        feed_forward: Neurons of each feed-forward network.
        hidden: Channels of the hidden state, the same throughout the model.
        layers: Whole layers; of an encoder-decoder, of each of the two.
    """

    heads: Ratio = 0.0
    feed_forward: Ratio = 0.0
    hidden: Ratio = 0.0
    layers: Ratio = 0.0
