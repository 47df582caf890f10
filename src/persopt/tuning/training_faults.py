"""What a training may die of, told from a bug."""

from __future__ import annotations

import math
from typing import Final

from persopt.domain.errors import Fault, TrainingError

__all__ = ("check_loss", "is_out_of_memory", "memory_fault")

_MEMORY_MESSAGES: Final = ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an exception says that the memory of the machine or of the accelerator is used up."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).casefold()
    return isinstance(error, RuntimeError | OSError) and any(message in text for message in _MEMORY_MESSAGES)


def memory_fault(
    *, evaluating: bool, device: str, step: int, batch_size: int, evaluation_batch_size: int, max_length: int | None
) -> Fault:
    """Return the fault of a training that ran out of memory, with the sizes that decide how much it needs.

    Images have no `max_length`.
    """
    if evaluating:
        doing, path, size = "evaluating", "$.training.evaluationBatchSize", evaluation_batch_size
        field = "training.evaluationBatchSize"
    else:
        doing, path, size, field = "training", "$.config.batchSize", batch_size, "batchSize"
    return Fault(
        message=f"out of memory on {device} at step {step}, {doing} with batch size {size}"
        + ("" if max_length is None else f" and texts of up to {max_length} tokens"),
        path=path,
        code="out-of-memory",
        hint=f"use a smaller {field}{'' if max_length is None else ' or maxLength'}"
        + ("" if evaluating else "; gradientAccumulationSteps keeps the effective batch size"),
    )


def check_loss(loss: float, *, step: int, learning_rate: float, evaluating: bool = False) -> None:
    """Make sure that a loss is a finite number.

    Raises:
        TrainingError: with code `nan-loss`, naming the step and the learning rate.
    """
    if math.isfinite(loss):
        return
    kind = "evaluation's" if evaluating else "training"
    raise TrainingError(
        Fault(
            message=f"the {kind} loss became {loss} at step {step} with a learning rate of {learning_rate:.3g}",
            path="$.config.learningRate",
            code="nan-loss",
            hint="use a smaller learningRate, more warmupSteps or a smaller maxGradNorm",
        )
    )
