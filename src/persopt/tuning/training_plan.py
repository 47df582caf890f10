"""From a point of the space to everything a training needs to know."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from persopt.domain.errors import Fault, InputError
from persopt.domain.hyperparameters import Hyperparameter, find_hyperparameter
from persopt.domain.programs import TrainingProgram
from persopt.domain.space import Params
from persopt.domain.validation import describe_choices
from persopt.models.adapters import AdapterSettings

__all__ = ("TrainingPlan", "plan_training")

_BATCH_SIZE: Final = 16
_EPOCHS: Final = 3


class TrainingPlan(Struct, frozen=True, kw_only=True):
    """What a training is to be.

    Attributes:
        arguments: Fields of `transformers.TrainingArguments` that the point decides.
        dropouts: Dropouts by the names of `persopt.models.dropout`.
        max_length: Longest text in tokens.
        adapter: What a LoRA adapter is to be; None where the whole model trains.
    """

    arguments: dict[str, Any]
    dropouts: dict[str, float]
    max_length: int
    adapter: AdapterSettings | None = None

    @property
    def batch_size(self) -> int:
        """Rows of a batch; 16 where the point does not say."""
        return int(self.arguments.get("per_device_train_batch_size", _BATCH_SIZE))

    @property
    def epochs(self) -> int:
        """Passes over the training rows; 3 where the point does not say."""
        return int(self.arguments.get("num_train_epochs", _EPOCHS))

    @property
    def accumulation(self) -> int:
        """Batches of an optimizer step."""
        return int(self.arguments.get("gradient_accumulation_steps", 1))

    def count_steps(self, rows: int, max_steps: int | None) -> int:
        """Return the number of optimizer steps of a training on so many rows; `max_steps` is the most."""
        per_epoch = math.ceil(math.ceil(rows / self.batch_size) / self.accumulation)
        steps = self.epochs * per_epoch
        return steps if max_steps is None else min(steps, max_steps)


def plan_training(program: TrainingProgram, params: Params, path: str = "$.config") -> TrainingPlan:
    """Sort the values of a point by what takes them.

    Raises:
        InputError: for a name that is no hyperparameter of the trainer.
    """
    targets: Mapping[str, dict[str, Any]] = {"arguments": {}, "model": {}, "data": {}, "adapter": {}}
    faults = []
    for name, value in params.items():
        known = find_hyperparameter(name)
        if known is None:
            choices = describe_choices(name, Hyperparameter.names())
            faults.append(Fault(path=f"{path}.{name}", message=f"not a hyperparameter of the trainer: {choices}"))
        else:
            targets[known.target][known.field] = value
    if faults:
        raise InputError(faults)
    return TrainingPlan(
        arguments=targets["arguments"],
        dropouts=targets["model"],
        max_length=int(targets["data"].get("max_length", program.data.max_length)),
        adapter=AdapterSettings(**targets["adapter"]) if targets["adapter"].get("rank") else None,
    )
