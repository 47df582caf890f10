"""Choosing rows by seed, so that no class is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from persopt.data.labels import RowLabel

if TYPE_CHECKING:
    import numpy as np

__all__ = ("choose_rows", "divide_quota")


def choose_rows(labels: Sequence[RowLabel], count: int, seed: Sequence[int], stratify: bool) -> np.ndarray[Any, Any]:
    """Return the sorted indices of `count` rows, chosen by chance.

    Every class (or tag) that occurs is among them, if `count` is not smaller than the number of classes. With
    `stratify` the shares of the classes are kept as nearly as whole rows allow; the labels must then be single.

    Args:
        labels: The label of each row.
        count: How many rows to choose, at most the number of labels.
        seed: The same seed and labels give the same rows.
        stratify: Keep the shares of the classes.
    """
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(labels))
    if not stratify:
        seen: set[str | None] = set()
        first: list[int] = []
        rest: list[int] = []
        for index in order:
            label = labels[index]
            new = set(label if isinstance(label, tuple) else (label,)) - seen
            seen |= new
            (first if new else rest).append(index)
        return np.sort(np.array([*first, *rest][:count], dtype=np.int64))
    left = divide_quota(Counter(labels), count)
    chosen = []
    for index in order:
        if left[labels[index]] > 0:
            left[labels[index]] -= 1
            chosen.append(index)
    return np.sort(np.array(chosen, dtype=np.int64))


def divide_quota(sizes: Counter[RowLabel], count: int) -> Counter[RowLabel]:
    """Divide `count` rows among classes in proportion to their sizes, by largest remainder.

    No class gets more rows than it has, and none gets none while `count` is at least the number of classes.
    """
    total = sizes.total()
    least = 1 if count >= len(sizes) else 0
    # The order of ties is the labels' own, never that of a hash.
    names = sorted(sizes, key=lambda name: (-sizes[name], str(name)))
    ideal = {name: sizes[name] * count / total for name in names}
    quota = Counter({name: max(least, int(ideal[name])) for name in names})
    while quota.total() > count:
        quota[max(names, key=lambda name: quota[name] - ideal[name] if quota[name] > least else float("-inf"))] -= 1
    while quota.total() < count:
        quota[
            max(names, key=lambda name: ideal[name] - quota[name] if quota[name] < sizes[name] else float("-inf"))
        ] += 1
    return quota
