"""How far a runner's outputs are from those of the original, on rows of the task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from persopt.domain.errors import ModelError
from persopt.domain.measurements import OutputError
from persopt.evaluation.batches import InputBatches
from persopt.evaluation.rows import TaskRows
from persopt.measure.outputs import OutputDifference

if TYPE_CHECKING:
    import numpy as np

    from persopt.plugins.contracts.quantization import Runner

    Arrays = Mapping[str, np.ndarray[Any, Any]]

__all__ = ("compare_runners",)


def compare_runners(
    original: Runner, result: Runner, rows: TaskRows, on_batch: Callable[[], None] = lambda: None
) -> OutputError:
    """Run both on the same batches and compare their logits; what is padding does not count.

    Args:
        original: Runs the model given.
        result: Runs the other.
        rows: The rows.
        on_batch: Called before each batch; may raise to end the work.

    Raises:
        ModelError: if one gives no logits, or others than finite numbers, or of another shape.
    """
    difference = OutputDifference()
    for inputs in InputBatches(rows):
        on_batch()
        one, other = (_logits(runner.run(inputs)) for runner in (original, result))
        difference.add(one, other, _find_mask(inputs, one))
    return difference.compute()


def _logits(outputs: Arrays) -> np.ndarray[Any, Any]:
    if "logits" not in outputs:
        raise ModelError("the model gives no logits: it has no head", path="$.modelPath")
    return outputs["logits"]


def _find_mask(inputs: Arrays, logits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """Return where logits of each token count; None if they are of the whole row, or of a target."""
    mask = inputs.get("attention_mask")
    per_token = mask is not None and "decoder_input_ids" not in inputs and logits.shape[:-1] == mask.shape
    return mask if per_token else None
