"""Whether a checkpoint's head was trained for a task and its classes."""

from __future__ import annotations

from collections.abc import Sequence

from persopt.domain.programs import TaskName
from persopt.models.description import ModelDescription
from persopt.models.heads import HEADS

__all__ = ("has_trained_head",)


def has_trained_head(description: ModelDescription, task: TaskName, labels: Sequence[str]) -> bool:
    """Return whether a checkpoint can be judged as it is; labels without names are taken to be those of the data."""
    head = HEADS[task]
    if not head.classifies:
        return True
    if not description.architecture.endswith(head.auto_class.removeprefix("AutoModel")):
        return False
    return not description.labels or description.labels == list(labels)
