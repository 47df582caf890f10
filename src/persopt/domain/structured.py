"""How much of each kind of unit a structured pruning cuts, and what it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

__all__ = ("LayerRule", "Ratio", "StructuredRatios", "StructuredReport")

LayerRule: TypeAlias = Literal["importance", "evenly", "alternate", "first"]
Ratio: TypeAlias = Annotated[float, Meta(ge=0, lt=1)]


class StructuredRatios(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What part of each kind is cut, 0 to below 1; every layer keeps the same number."""

    heads: Annotated[
        Ratio, Meta(description="Share of the attention heads cut; of grouped queries, whole key-value groups.")
    ] = 0.0
    feed_forward: Annotated[Ratio, Meta(description="Share of the neurons of each feed-forward network cut.")] = 0.0
    hidden: Annotated[Ratio, Meta(description="Share of the channels of the hidden state cut.")] = 0.0
    layers: Annotated[Ratio, Meta(description="Share of the layers cut; of an encoder-decoder, of each stack.")] = 0.0


class StructuredReport(Struct, frozen=True, kw_only=True, rename="camel"):
    """What is left, in numbers of the model before; module names are those before, too.

    Attributes:
        parameters_before: Number of weights, tied ones counted once.
        parameters_after: The same, now.
        changed: Fields of the configuration that changed, with their new values.
        layers: Layers kept of each stack.
        heads: Heads kept of each attention (query heads, where those are grouped).
        feed_forward: Neurons kept of each feed-forward network.
        hidden: Channels of the hidden state kept; empty if its width was not cut.
        notes: What a user should know, in words.
    """

    parameters_before: int
    parameters_after: int
    changed: Mapping[str, object]
    layers: Mapping[str, tuple[int, ...]]
    heads: Mapping[str, tuple[int, ...]]
    feed_forward: Mapping[str, tuple[int, ...]]
    hidden: tuple[int, ...]
    notes: tuple[str, ...] = ()
