"""The rows of a quantization's data set: to calibrate on, and to judge on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from persopt.domain.errors import InputError
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.models.runners import add_token_types

if TYPE_CHECKING:
    import numpy as np

    from persopt.evaluation.batches import InputBatches
    from persopt.evaluation.rows import TaskRows

__all__ = ("CalibrationBatches", "calibration_batches", "open_task_rows")


def calibration_batches(spec: QuantizeSpec, cache: Path, limit: int | None = None) -> CalibrationBatches:
    """Return batches of training rows, as many rows as the spec says, without labels; the same for every backend.

    They have `token_type_ids` wherever the model takes them, whether its tokenizer gives them or not: a graph that the
    model was exported to does not do without.

    Args:
        spec: Resolved: with data set, task and columns.
        cache: Folder of tokenized data.
        limit: At most so many rows.
    """
    from persopt.evaluation.batches import InputBatches

    rows = spec.calibration_rows if limit is None else min(limit, spec.calibration_rows)
    return CalibrationBatches(InputBatches(open_task_rows(spec, cache, "train", rows)), Path(spec.model_path))


class CalibrationBatches:
    """Batches that can be gone over again and again.

    Args:
        batches: Of rows.
        model: The checkpoint that they are for.
    """

    def __init__(self, batches: InputBatches, model: Path) -> None:
        from persopt.models.loading import load_config
        from persopt.models.torch_runner import takes_token_types
        from persopt.models.whole import find_model_class

        self._batches = batches
        self._has_types = takes_token_types(find_model_class(model), load_config(model))

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
        for batch in self._batches:
            yield add_token_types(batch) if self._has_types else batch


def open_task_rows(
    spec: QuantizeSpec, cache: Path, split: Literal["train", "validation"], limit: int | None = None
) -> TaskRows:
    """Return rows of a split, tokenized for the model.

    Raises:
        DataError: if the data cannot be used.
    """
    from persopt.evaluation.rows import open_rows

    if spec.task is None:
        raise InputError("the spec is not resolved: it has no task", path="$.task")
    return open_rows(
        spec.model_path,
        spec.dataset_path,
        spec.task,
        spec.data,
        cache,
        seed=spec.seed,
        split=split,
        limit=limit,
        batch_size=spec.batch_size,
    )
