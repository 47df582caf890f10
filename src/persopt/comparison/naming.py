"""What the models of a comparison are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from persopt.domain.errors import Fault

__all__ = ("check_labels", "name_models")


def name_models(folders: Sequence[Path]) -> list[str]:
    """Return a name for each model: that of its folder, with those above it as far as they tell models apart.

    The same folder given twice is told apart by a number.
    """
    depth, deepest = 1, max((len(folder.parts) for folder in folders), default=1)
    names = [folder.name for folder in folders]
    while len(set(names)) < len(set(folders)) and depth < deepest:
        depth += 1
        twice = Counter(names)
        names = [
            "/".join(folder.parts[-depth:]) if twice[name] > 1 else name
            for folder, name in zip(folders, names, strict=True)
        ]
    used: set[str] = set()
    unique = []
    for name in names:
        number, tried = 1, name
        while tried in used:
            number += 1
            tried = f"{name} ({number})"
        used.add(tried)
        unique.append(tried)
    return unique


def check_labels(labels: Sequence[str], models: int) -> Iterator[Fault]:
    """Give the faults of names that were given: one for each model, none empty, none twice."""
    if len(labels) != models:
        yield Fault(path="$.labels", message=f"expected one for each of the {models} models, got {len(labels)}")
    for index, label in enumerate(labels):
        if not label.strip():
            yield Fault(path=f"$.labels[{index}]", message="is empty; expected a name")
        elif label in labels[:index]:
            yield Fault(path=f"$.labels[{index}]", message=f"{label!r} is the name of another model too")
