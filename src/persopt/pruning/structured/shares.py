"""From one sparsity to ratios of heads, neurons and hidden width, per architecture."""

from __future__ import annotations

import math
from typing import Any

from persopt.domain.errors import Fault, InputError
from persopt.domain.structured import StructuredRatios
from persopt.models.headers import TensorHeader
from persopt.pruning.selection import select_tensors
from persopt.pruning.structured.families import Family, find_family
from persopt.pruning.structured.sizes import Sizes, plan_sizes, read_sizes

__all__ = ("choose_ratios", "count_prunable")


def choose_ratios(config: Any, model_class: Any, sparsity: float, *, multiple_of: int = 1) -> StructuredRatios:
    """Return ratios that cut about the share `sparsity` of the prunable weights: of the body's linear layers.

    Heads and neurons are cut alike. Where a configuration cannot say fewer heads alone, heads and hidden width go
    together, and heads, width and neurons all lose the same share r with (1 - r)² = 1 - sparsity. Heads are whole,
    so the neurons make up for what rounding leaves; of the two nearest numbers of heads the one that comes closer
    to the share is taken. Layers are never cut.

    Args:
        config: Of the model before the cut.
        model_class: The class of Transformers.
        sparsity: Above 0, below 1.
        multiple_of: As for `plan_sizes`.

    Raises:
        ModelError: if the architecture cannot be cut.
        InputError: if the sparsity is too small or too great for anything to be cut, or left.
    """
    family, sizes = find_family(config), read_sizes(config)
    tied = not family.head_size
    groups = sizes.key_value_heads if sizes.key_value_heads > 1 else sizes.heads
    wanted = groups * (math.sqrt(1 - sparsity) if tied else 1 - sparsity)
    possible = [kept for kept in range(1, groups + 1) if _fits(config, family, sizes, kept, groups, multiple_of)]
    nearest = {max((kept for kept in possible if kept <= wanted), default=groups)}
    nearest.add(min((kept for kept in possible if kept >= wanted), default=groups))
    total = count_prunable(config, model_class)
    goal = (1 - sparsity) * total
    found = [_fill(config, model_class, kept / groups, tied, goal, multiple_of) for kept in sorted(nearest)]
    ratios, left = min(found, key=lambda item: abs(item[1] - goal))
    if left == total:
        raise InputError(
            [
                Fault(
                    path="$.config.sparsity",
                    message=f"{sparsity:g} of the heads and neurons of this model is less than one of each",
                    hint="ask for more",
                )
            ]
        )
    return ratios


def count_prunable(config: Any, model_class: Any, ratios: StructuredRatios | None = None, multiple_of: int = 1) -> int:
    """Return the number of weights in the body's linear layers, now or after a cut; nothing is loaded."""
    from persopt.pruning.structured.skeleton import build_skeleton, resize_config

    if ratios is not None:
        family = find_family(config)
        sizes = plan_sizes(config, ratios, multiple_of=multiple_of)
        layers = {field: tuple(range(count)) for field, count in sizes.layers.items()}
        config = resize_config(config, family, sizes, layers)
    skeleton = build_skeleton(model_class, config)
    headers = [
        TensorHeader(name, "F32", tuple(one.shape), 4 * one.numel()) for name, one in skeleton.named_parameters()
    ]
    return sum(math.prod(one.shape) for one in select_tensors(headers, config.model_type))


def _fits(config: Any, family: Family, sizes: Sizes, kept: int, groups: int, multiple_of: int) -> bool:
    """Return whether a configuration can say so many groups of heads, with the width that goes with them."""
    heads = sizes.heads * kept // groups
    if not family.head_size:
        return kept == groups or heads * sizes.head_size % math.lcm(heads, multiple_of) == 0
    return config.model_type not in family.whole_heads or sizes.hidden % heads == 0


def _fill(
    config: Any, model_class: Any, heads: float, tied: bool, goal: float, multiple_of: int
) -> tuple[StructuredRatios, int]:
    """Return the ratios with as many neurons as bring the weights nearest to the goal, and the weights."""
    sizes = read_sizes(config)
    neurons, unit = sizes.feed_forward, min(multiple_of, sizes.feed_forward)

    def ratios(kept: int) -> StructuredRatios:
        cut = 1 - heads
        return StructuredRatios(heads=cut, hidden=cut if tied else 0.0, feed_forward=1 - kept / neurons)

    def count(kept: int) -> int:
        given = ratios(kept)
        whole = not any((given.heads, given.hidden, given.feed_forward))
        return count_prunable(config, model_class, None if whole else given, multiple_of)

    most = count(neurons)
    if unit == neurons:
        return ratios(neurons), most
    each = (most - count(unit)) / (neurons - unit)  # weights grow with the neurons in a straight line
    kept = max(round((neurons - (most - goal) / each) / unit) * unit, unit)
    if kept >= neurons:
        return ratios(neurons), most
    return ratios(kept), count(kept)
