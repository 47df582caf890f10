"""What an architecture calls its parts, and what its configuration can say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ("Attention", "Family", "FeedForward", "Stack")


@dataclass(frozen=True)
class Attention:
    """An attention, by names below its layer.

    Attributes:
        core: Module that scales the scores (its `scaling`).
        query: Projection whose first rows make the queries.
        output: Projection back to the hidden state; its inputs are the heads, one after another.
        key: Projection of the keys, where it has fewer heads than the queries or is not traced with them.
        parts: How many things `query` makes one after another: 3 if keys and values come from it too.
        bias: Table with a column for each head that all attentions of this name in the stack share, in
            whichever layer holds it; their heads are then cut together.
    """

    core: str
    query: str
    output: str
    key: str = ""
    parts: int = 1
    bias: str = ""


@dataclass(frozen=True)
class FeedForward:
    """A feed-forward network, by the name below its layer of the projection back to the hidden state."""

    output: str


@dataclass(frozen=True)
class Stack:
    """Layers one after another.

    Attributes:
        layers: Pattern of the layers' names below the base model, `*` for a number.
        count: Field of the configuration with the number of layers.
        attentions: In each layer.
        feed_forward: In each layer.
        first_only: Modules that only the first layer has, and that move to whichever becomes the first.
        shared: Whether all layers use the same weights, so that fewer of them save time but no space.
    """

    layers: str
    count: str
    attentions: tuple[Attention, ...]
    feed_forward: FeedForward
    first_only: tuple[str, ...] = ()
    shared: bool = False


@dataclass(frozen=True)
class Family:
    """An architecture.

    Attributes:
        name: For people.
        model_types: Transformers' names.
        stacks: Its stacks of layers; one that a model lacks (an encoder alone) is left out.
        heads: Field with the number of heads.
        hidden: Field with the hidden width.
        feed_forward: Field with the number of neurons; None in it means `4 * hidden`.
        key_value_heads: Field with the number of key-value heads, if the queries can be grouped.
        head_size: Field that sets the size of a head apart from the hidden width; empty if none does, and
            the width is heads * size of a head.
        whole_heads: Of `model_types`, those whose width must be a multiple of the number of heads all the same.
        traced: Makes, of an attention, a forward that the graph can follow, where its own cannot be: it
            hands what would not reach the output to the list.
        causal: Whether it is a decoder alone, whatever its configuration says.
        refuse: Says why a model of this configuration cannot be cut.
    """

    name: str
    model_types: tuple[str, ...]
    stacks: tuple[Stack, ...]
    heads: str = "num_attention_heads"
    hidden: str = "hidden_size"
    feed_forward: str = "intermediate_size"
    key_value_heads: str = ""
    head_size: str = ""
    whole_heads: tuple[str, ...] = ()
    traced: Callable[[Any, list[Any]], Callable[..., Any]] | None = None
    causal: bool = False
    refuse: Callable[[Any], str | None] = lambda _: None
