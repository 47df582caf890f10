"""The sizes of a model that is cut several times, told from its configuration alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from persopt.pruning.structured.families import Family, find_family
from persopt.pruning.structured.sizes import Sizes, read_sizes

__all__ = ("Course", "plan_cuts")

Course: TypeAlias = Callable[[int, int], float]
"""Gives, of a size before all cuts and after the last, what it is to be at some point between."""


def plan_cuts(config: Any, final: Sizes, courses: Iterable[Course]) -> list[Sizes]:
    """Return the sizes after each of several cuts; all are relative to the model before the first.

    None is larger than the one before, the last is `final`, and each can be said by the configuration of this
    architecture: of heads and width that go together, the heads come first. Two may be equal, where units are too
    few for so many cuts. Layers are all gone with the first cut.

    Args:
        config: Of the model before the first cut.
        final: As `plan_sizes` returned it.
        courses: One for each cut; that of the last does not matter.
    """
    family, origin = find_family(config), read_sizes(config)
    whole = config.model_type in family.whole_heads
    planned: list[Sizes] = []
    last = origin
    for course in courses:
        last = _cut(family, whole, origin, final, last, course)
        planned.append(last)
    return [*planned[:-1], final]


def _cut(family: Family, whole: bool, origin: Sizes, final: Sizes, last: Sizes, course: Course) -> Sizes:
    def near(before: int, after: int, most: int) -> int:
        return min(max(math.floor(course(before, after) + 0.5), after), most)

    groups = origin.key_value_heads if origin.key_value_heads > 1 else origin.heads
    each = origin.heads // groups
    kept = near(groups, final.heads // each, last.heads // each)
    hidden = near(origin.hidden, final.hidden, last.hidden)
    head_size = origin.head_size
    if not family.head_size:
        head_size = near(origin.head_size, final.head_size, last.head_size)
        hidden = kept * each * head_size
    elif whole:
        # The last cut's own sizes are possible, so that some are found; a cut that must wait comes later.
        kept, hidden = next(
            (count, fitting)
            for count in range(kept, last.heads // each + 1)
            if (fitting := -(-hidden // (count * each)) * count * each) <= last.hidden
        )
    return Sizes(
        heads=kept * each,
        key_value_heads=kept if origin.key_value_heads > 1 else final.key_value_heads,
        head_size=head_size,
        feed_forward=near(origin.feed_forward, final.feed_forward, last.feed_forward),
        hidden=hidden,
        layers=final.layers,
    )
