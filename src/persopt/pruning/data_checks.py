"""Whether the data set of a pruning fits what it is for: gathering, judging, training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from persopt.domain.errors import Fault
from persopt.domain.programs import TaskName
from persopt.domain.prune_specs import PruneSpec
from persopt.domain.prune_training import PruneTraining
from persopt.models.description import ModelDescription
from persopt.models.heads import HEADS
from persopt.models.trained_heads import has_trained_head
from persopt.plugins.contracts.pruning import PruningTraits

__all__ = ("GATHERED", "check_task", "check_without_data", "wants_training")

GATHERED: Final = frozenset({"gradients", "activations"})


def wants_training(spec: PruneSpec, traits: PruningTraits) -> bool:
    """Return whether a data set is there to judge and train on, not only for the texts of a vocabulary."""
    if spec.config.vocabulary is None:
        return True
    return bool(traits.needs) or spec.config.gradual or spec.training != PruneTraining()


def check_without_data(spec: PruneSpec, traits: PruningTraits) -> Iterator[Fault]:
    """Say what cannot be without a data set. Gradual pruning can: it is then the same as one step."""
    if traits.needs:
        needed = " and ".join(sorted(traits.needs))
        message = f"is missing: method {spec.config.method!r} gathers {needed} on data"
        hint = "name a data set, or choose a method that needs none, such as 'magnitude'"
        yield Fault(path="$.datasetPath", message=message, hint=hint)
    elif spec.training != PruneTraining():
        message = "is missing: `training` was given, and nothing is trained without a data set"
        yield Fault(path="$.datasetPath", message=message, hint="name a data set, or leave `training` out")


def check_task(
    spec: PruneSpec, traits: PruningTraits, description: ModelDescription, task: TaskName, labels: list[str]
) -> Iterator[Fault]:
    """Give the faults of a task for which the model has no trained head.

    Gradients or logits of a head that was never trained would say nothing.
    """
    needed = "gradients" in traits.needs or spec.training.distill
    if not needed or has_trained_head(description, task, labels):
        return
    message = f"has no trained head for {task}: it is a {description.architecture or 'model of unknown class'}"
    if HEADS[task].classifies and has_trained_head(description, task, description.labels):
        message = f"was trained for the classes {description.labels}, and the data has {labels}"
    yield Fault(
        path="$.modelPath",
        message=message,
        hint="fine-tune it first, or choose a method that needs no gradients, and no distillation",
        code="bad-model",
    )
