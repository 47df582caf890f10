"""The rows of a quantization's data set: to calibrate on, and to judge on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from persopt.domain.errors import InputError
from persopt.domain.quantize_specs import QuantizeSpec

if TYPE_CHECKING:
    from persopt.evaluation.batches import InputBatches
    from persopt.evaluation.rows import TaskRows

__all__ = ("calibration_batches", "open_task_rows")


def calibration_batches(spec: QuantizeSpec, cache: Path, limit: int | None = None) -> InputBatches:
    """Return batches of training rows, as many rows as the spec says, without labels; the same for every backend.

    Args:
        spec: Resolved: with data set, task and columns.
        cache: Folder of tokenized data.
        limit: At most so many rows.
    """
    from persopt.evaluation.batches import InputBatches

    rows = spec.calibration_rows if limit is None else min(limit, spec.calibration_rows)
    return InputBatches(open_task_rows(spec, cache, "train", rows))


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
