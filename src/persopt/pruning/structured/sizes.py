"""How many heads, neurons, channels and layers are left, told from the configuration alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from persopt.domain.errors import Fault, InputError
from persopt.pruning.structured.families import Family, find_family
from persopt.pruning.structured.ratios import StructuredRatios

__all__ = ("Sizes", "plan_sizes")


class Sizes(Struct, frozen=True, kw_only=True):
    """Sizes of a model.

    Attributes:
        heads: Query heads of an attention.
        key_value_heads: Key and value heads of an attention; as many as `heads` unless queries are grouped.
        head_size: Channels of a head.
        feed_forward: Neurons of a feed-forward network.
        hidden: Channels of the hidden state.
        layers: Number of layers by field of the configuration.
    """

    heads: int
    key_value_heads: int
    head_size: int
    feed_forward: int
    hidden: int
    layers: Mapping[str, int]


def read_sizes(config: Any) -> Sizes:
    """Return the sizes that a configuration says.

    Raises:
        ModelError: if its architecture cannot be cut.
    """
    family = find_family(config)
    heads, hidden = getattr(config, family.heads), getattr(config, family.hidden)
    return Sizes(
        heads=heads,
        key_value_heads=(getattr(config, family.key_value_heads) if family.key_value_heads else None) or heads,
        head_size=(getattr(config, family.head_size, None) if family.head_size else None) or hidden // heads,
        feed_forward=getattr(config, family.feed_forward) or 4 * hidden,
        hidden=hidden,
        layers={stack.count: getattr(config, stack.count) for stack in family.stacks},
    )


def plan_sizes(
    config: Any, ratios: StructuredRatios, *, multiple_of: int = 1, keep_layers: Sequence[int] | None = None
) -> Sizes:
    """Return the sizes after a cut, without looking at any weight.

    What is kept is rounded to the nearest whole unit, half a unit up.

    Args:
        config: Of the model before the cut.
        ratios: What is cut.
        multiple_of: The neurons and the hidden width that are left are multiples of it, where they are cut.
        keep_layers: Numbers of the layers to keep, from 0, instead of a ratio of them.

    Raises:
        ModelError: if the architecture cannot be cut.
        InputError: if a ratio cuts nothing, leaves nothing, or leaves what the configuration of this
            architecture cannot say; carries all such faults, each with what is possible.
    """
    family, before = find_family(config), read_sizes(config)
    faults: list[Fault] = []
    groups = before.key_value_heads if before.key_value_heads > 1 else before.heads
    kept_groups = _keep("heads", "groups of heads" if groups < before.heads else "heads", groups, ratios.heads, faults)
    feed_forward = _keep("feedForward", "neurons", before.feed_forward, ratios.feed_forward, faults, unit=multiple_of)
    heads = before.heads * kept_groups // groups
    whole = not family.head_size or config.model_type in family.whole_heads
    unit = math.lcm(heads, multiple_of) if whole else multiple_of
    hidden = _keep("hidden", "channels", before.hidden, ratios.hidden, faults, unit=unit)
    head_size = before.head_size if family.head_size or not ratios.hidden else hidden // heads
    if not family.head_size and heads * before.head_size < hidden:
        faults.append(_tied(family, before, heads, ratios))
    elif whole and hidden % heads:
        faults.append(_divided(family, before, hidden, heads // kept_groups))
    layers = _keep_layers(before, ratios, keep_layers, faults)
    if not faults and not any((ratios.heads, ratios.feed_forward, ratios.hidden, ratios.layers, keep_layers)):
        faults.append(Fault(message="nothing is to be cut: heads, feedForward, hidden and layers are all 0"))
    if faults:
        raise InputError(faults)
    return Sizes(
        heads=heads,
        key_value_heads=before.key_value_heads * kept_groups // groups if before.key_value_heads > 1 else 1,
        head_size=head_size,
        feed_forward=feed_forward,
        hidden=hidden,
        layers=layers,
    )


def _keep(field: str, what: str, size: int, ratio: float, faults: list[Fault], *, unit: int = 1) -> int:
    """Return how many of `size` are left, a multiple of `unit`, or note a fault."""
    if not ratio:
        return size
    kept = math.floor(size * (1 - ratio) / unit + 0.5 + 1e-9) * unit
    if 0 < kept < size:
        return kept
    possible = range(unit, size, unit)
    steps = f" in steps of {unit}" if unit > 1 else ""
    if not possible:
        instead = f"none of them can be cut{steps}; leave {field} at 0"
    elif len(possible) <= 12:  # noqa: PLR2004 - what a person reads at a glance
        instead = "possible are " + ", ".join(f"{1 - left / size:.3g} ({left} left)" for left in reversed(possible))
    else:
        most, least = possible[0], possible[-1]
        instead = f"possible are {1 - least / size:.3g} ({least} left) to {1 - most / size:.3g} ({most} left){steps}"
    does = "leaves none" if kept <= 0 else "cuts none"
    faults.append(Fault(message=f"{ratio:g} of {size} {what}{steps} {does}; {instead}", path=f"$.{field}"))
    return size


def _tied(family: Family, before: Sizes, heads: int, ratios: StructuredRatios) -> Fault:
    asked = f"heads={ratios.heads:g} and hidden={ratios.hidden:g}"
    return Fault(
        message=(
            f"{asked}: a {family.name} configuration has no field for the size of a head, it is always the hidden "
            f"width over the number of heads ({before.hidden}/{before.heads}), so that {heads} heads of at most "
            f"{before.head_size} channels need a hidden width of at most {heads * before.head_size}"
        ),
        path="$.heads",
        hint=f"give hidden={1 - heads / before.heads:.3g} or more too, or cut feedForward and layers instead",
    )


def _divided(family: Family, before: Sizes, hidden: int, step: int) -> Fault:
    possible = [left for left in range(step, before.heads, step) if hidden % left == 0]
    choice = ", ".join(f"{1 - left / before.heads:.3g} ({left} left)" for left in reversed(possible)) or "none"
    return Fault(
        message=(
            f"a {family.name} configuration takes only a hidden width that is a multiple of the number of heads; "
            f"for a width of {hidden}, possible ratios of heads are: {choice}"
        ),
        path="$.heads",
    )


def _keep_layers(
    before: Sizes, ratios: StructuredRatios, keep_layers: Sequence[int] | None, faults: list[Fault]
) -> dict[str, int]:
    note: Callable[[str, str], None] = lambda path, message: faults.append(Fault(message=message, path=path))  # noqa: E731
    if keep_layers is None:
        return {field: _keep("layers", "layers", size, ratios.layers, faults) for field, size in before.layers.items()}
    if ratios.layers:
        note("$.layers", "both a ratio of layers and the layers to keep are given; give one of them")
    if not keep_layers:
        note("$.keepLayers", "keepLayers is empty; expected at least one layer")
    for field, size in before.layers.items():
        wrong = [number for number in keep_layers if not 0 <= number < size]
        if wrong:
            note("$.keepLayers", f"keepLayers has {wrong}, but {field} is {size}: expected 0 to {size - 1}")
    if len(set(keep_layers)) != len(keep_layers):
        note("$.keepLayers", f"keepLayers names a layer twice: {list(keep_layers)}")
    return dict.fromkeys(before.layers, len(keep_layers))
