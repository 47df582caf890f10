"""Whether a search space and the options of a training make sense for a task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from persopt.domain.errors import Fault
from persopt.domain.hyperparameters import HYPERPARAMETERS
from persopt.domain.programs import TaskName, TrainingOptions
from persopt.domain.space import ParameterConfig
from persopt.models.heads import HEADS

__all__ = ("check_task_fits",)

_RANK: Final = "loraRank"
_OF_ADAPTERS: Final = tuple(item.name for item in HYPERPARAMETERS if item.target == "adapter" and item.name != _RANK)


def check_task_fits(
    task: TaskName, config: Mapping[str, ParameterConfig], training: TrainingOptions
) -> Iterator[Fault]:
    """Give a fault for each setting that could have no effect, and so would be searched in vain."""
    if HEADS[task].processor != "tokenizer" and "maxLength" in config:
        yield Fault(path="$.config.maxLength", message="images have no length in tokens; leave it out")
    if _RANK in config:
        return
    remedy = "add loraRank to the space, such as [0, 8, 16]"
    for name in _OF_ADAPTERS:
        if name in config:
            yield Fault(path=f"$.config.{name}", message="is of a LoRA adapter, and there is none", hint=remedy)
    if training.adapter != TrainingOptions().adapter:
        message = f"is {training.adapter!r}, and no trial has an adapter"
        yield Fault(path="$.training.adapter", message=message, hint=remedy)
