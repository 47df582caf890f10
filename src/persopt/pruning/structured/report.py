"""What a structured pruning did."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

__all__ = ("StructuredReport",)


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
