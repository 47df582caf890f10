"""A quick look at a data set before any job exists."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from persopt.data.preparation import prepare_data
from persopt.data.reading import hash_dataset
from persopt.domain.programs import DataSpec, TaskName

__all__ = ("DatasetSummary", "inspect_dataset")


class DatasetSummary(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a data set is.

    Attributes:
        task: The task that it is for.
        data: How it is read, columns and splits filled in.
        labels: Names of the classes in the order of their ids; empty for tasks without classes.
        rows: Rows of `train`, `validation` and, if there is one, `test`, after all limits.
        hash: Hash of its contents.
    """

    task: TaskName
    data: DataSpec
    labels: list[str]
    rows: dict[str, int]
    hash: str


def inspect_dataset(
    location: Path | str,
    data: DataSpec | None = None,
    task: TaskName | None = None,
    seed: int = 0,
    *,
    decoder: bool = False,
) -> DatasetSummary:
    """Read a data set, find its columns and splits, and check that a model can be trained on it; without torch.

    Args:
        location: Where it lies.
        data: How to read it.
        task: The task; detected if None.
        seed: Of the splits and of the choice of rows.
        decoder: Whether the model is known to be made for causal language modelling.

    Raises:
        DataError: for whatever would stop a training: a file that is empty or not UTF-8, a column that is not
            there, rows without a label, one class only, labels unseen in training.
    """
    prepared = prepare_data(location, data or DataSpec(), task, seed, decoder=decoder)
    return DatasetSummary(
        task=prepared.task,
        data=prepared.data,
        labels=prepared.labels,
        rows={name: split.num_rows for name, split in prepared.splits.items()},
        hash=hash_dataset(location),
    )
