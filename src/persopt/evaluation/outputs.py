"""How far a runner's outputs are from those of the original, on rows of the task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from persopt.domain.errors import ModelError
from persopt.domain.measurements import OutputError
from persopt.measure.outputs import OutputDifference

if TYPE_CHECKING:
    import numpy as np

    from persopt.plugins.contracts.quantization import Runner

    Arrays = Mapping[str, np.ndarray[Any, Any]]

__all__ = ("COMPARED_ROWS", "compare_runners")

COMPARED_ROWS: Final = 256
"""Rows on which logits are compared, where there are so many."""


def compare_runners(
    original: Runner, result: Runner, batches: Iterable[Arrays], on_batch: Callable[[], None] = lambda: None
) -> OutputError:
    """Run both on the same batches and compare their logits; what is padding does not count.

    Models without a head are compared by the first output that both give.

    Args:
        original: Runs the model given.
        result: Runs the other.
        batches: Inputs, such as `InputBatches`.
        on_batch: Called before each batch; may raise to end the work.

    Raises:
        ModelError: if they give no output of the same name and shape, or other values than finite numbers.
    """
    difference = OutputDifference()
    for inputs in batches:
        on_batch()
        one, other = original.run(inputs), result.run(inputs)
        name = next((name for name in ("logits", *one) if name in one and name in other), None)
        if name is None:
            raise ModelError(f"the result gives {', '.join(other)}, and the original {', '.join(one)}")
        difference.add(one[name], other[name], _find_mask(inputs, one[name]))
    return difference.compute()


def _find_mask(inputs: Arrays, outputs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """Return where outputs of each token count; None if they are of the whole row, or of a target."""
    mask = inputs.get("attention_mask")
    per_token = mask is not None and "decoder_input_ids" not in inputs and outputs.shape[:-1] == mask.shape
    return mask if per_token else None
