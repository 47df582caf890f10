"""Batches as a `Runner` takes them: NumPy arrays by the names of the model's inputs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from persopt.evaluation.rows import TaskRows

if TYPE_CHECKING:
    import numpy as np

__all__ = ("InputBatches", "as_arrays")

_NO_INPUTS = ("labels", "references")


class InputBatches:
    """The rows' inputs without their labels, padded within a batch; can be gone over again and again.

    An encoder-decoder is given its target too, as `decoder_input_ids`: what it reads when it learns.

    Args:
        rows: The rows, such as a model is calibrated on.
    """

    def __init__(self, rows: TaskRows) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return math.ceil(len(self._rows) / self._rows.batch_size)

    def __iter__(self) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
        from persopt.evaluation.decoder_inputs import shift_labels

        for batch in self._rows.batches():
            if self._rows.task in ("translation", "summarization"):
                batch["decoder_input_ids"] = shift_labels(self._rows.program.model, batch["labels"])
            yield as_arrays({name: value for name, value in batch.items() if name not in _NO_INPUTS})


def as_arrays(batch: Mapping[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """Return a batch of tensors as arrays; what is none is left out."""
    return {name: value.cpu().numpy() for name, value in batch.items() if hasattr(value, "numpy")}
