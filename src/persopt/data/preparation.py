"""From a location and a spec to checked splits and labels; what inspection and tokenization both stand on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from persopt.data.columns import DetectedColumns, detect_columns, flatten_translations
from persopt.data.labels import RowLabel, check_class_count, read_labels, read_names, sort_labels
from persopt.data.reading import read_dataset
from persopt.data.splits import make_splits, resolve_splits
from persopt.data.tasks import DATA_TASKS
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec, TaskName

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

__all__ = ("PreparedData", "prepare_data")

_LABELS_PATH = "$.data.labelColumn"
_SHOWN = 5  # names in a message


@dataclass(frozen=True, kw_only=True)
class PreparedData:
    """A data set, ready to be tokenized.

    Attributes:
        task: The task.
        data: The spec, with columns and splits filled in; preparing with it again gives the same.
        splits: `train`, `validation` and perhaps `test`, with all the columns.
        row_labels: For each split, the label of each row; all are among `labels`. Empty for tasks without classes.
        labels: Names of the classes in the order of their ids; empty for tasks without classes.
    """

    task: TaskName
    data: DataSpec
    splits: DatasetDict
    row_labels: dict[str, list[RowLabel]]
    labels: list[str]


def prepare_data(
    location: Path | str, data: DataSpec, task: TaskName | None, seed: int, *, decoder: bool = False
) -> PreparedData:
    """Read a data set, find its columns, make its splits and check its labels.

    A test split without labels is left out, unless it is named.

    Args:
        location: Where it lies.
        data: How to read it.
        task: The task; detected if None.
        seed: Of the splits and of the choice of rows.
        decoder: Whether the model is known to be made for causal language modelling.

    Raises:
        DataError: if it cannot be read or used: a column that is not there, rows without a label, one class
            only, labels of validation or test that are not in training, tags that do not fit their words.
    """
    dataset = flatten_translations(read_dataset(location, data))
    columns = detect_columns(dataset, data, task, decoder=decoder)
    kind = DATA_TASKS[columns.task]
    names = resolve_splits(dataset, data)
    used = {name: dataset[name] for name in (names.train, names.validation, names.test) if name is not None}
    if names.test is not None and data.test_split is None and _is_unlabelled(used[names.test], columns):
        del used[names.test], dataset[names.test]
        names = msgspec.structs.replace(names, test=None)
    for name, split in used.items():
        _check_split(name, split, columns)
    label = columns.label_column if kind.classes else None
    if kind.stratified and label is not None:
        values = {str(item) for item in read_labels(used[names.train], label)}
        check_class_count(values, used[names.train].num_rows, label)
    splits = make_splits(dataset, data, seed, label, kind.stratified)
    row_labels = {} if label is None else {name: read_labels(split, label) for name, split in splits.items()}
    labels = [] if label is None else _collect_labels(splits["train"], row_labels, label)
    filled = msgspec.structs.replace(
        data,
        text_columns=columns.text_columns,
        label_column=columns.label_column,
        train_split=names.train,
        validation_split=names.validation,
        test_split=names.test,
    )
    return PreparedData(task=columns.task, data=filled, splits=splits, row_labels=row_labels, labels=labels)


def _is_unlabelled(split: Dataset, columns: DetectedColumns) -> bool:
    if columns.label_column is None:
        return False
    if columns.label_column not in split.column_names:
        return True
    return all(_is_missing(label) for label in read_labels(split, columns.label_column))


def _is_missing(label: RowLabel) -> bool:
    return label is None or label == () or (isinstance(label, tuple) and None in label)


def _check_split(name: str, split: Dataset, columns: DetectedColumns) -> None:
    for column in (*columns.text_columns, columns.label_column):
        if column is not None and column not in split.column_names:
            there = ", ".join(split.column_names)
            path = _LABELS_PATH if column == columns.label_column else "$.data.textColumns"
            raise DataError(f"the split {name!r} has no column {column!r}; it has {there}", path=path)
    if columns.label_column is not None:
        _check_labels(name, read_labels(split, columns.label_column), columns)
    DATA_TASKS[columns.task].check_split(name, split, columns)


def _check_labels(name: str, labels: list[RowLabel], columns: DetectedColumns) -> None:
    missing = [number for number, label in enumerate(labels, 1) if _is_missing(label)]
    if missing:
        lacking = "no label" if DATA_TASKS[columns.task].classes else "nothing to learn"
        message = f"{len(missing)} of {len(labels)} rows of the split {name!r} have {lacking} in column"
        where = f"{columns.label_column!r}, the first is row {missing[0]}"
        hint = "give them a label or take them out" if lacking == "no label" else "fill them or take them out"
        raise DataError(f"{message} {where}", path=_LABELS_PATH, hint=hint)


def _count(labels: Sequence[RowLabel]) -> Counter[str]:
    """Return in how many rows each name occurs."""
    return Counter(str(name) for label in labels for name in (set(label) if isinstance(label, tuple) else (label,)))


def _collect_labels(train: Dataset, row_labels: dict[str, list[RowLabel]], column: str) -> list[str]:
    seen = _count(row_labels["train"])
    if len(seen) == 1:
        message = f"every training row has the same label {next(iter(seen))!r} in column {column!r}"
        raise DataError(f"{message}; there is nothing to learn from one class", path=_LABELS_PATH)
    for name, labels in row_labels.items():
        unseen = {label: rows for label, rows in _count(labels).items() if label not in seen}
        if unseen:
            shown = ", ".join(f"{label!r} ({rows} rows)" for label, rows in sorted(unseen.items())[:_SHOWN])
            more = f" and {len(unseen) - _SHOWN} more" if len(unseen) > _SHOWN else ""
            raise DataError(
                f"the split {name!r} has labels that no training row has: {shown}{more}; training rows have "
                f"{', '.join(map(repr, sort_labels(seen)[:_SHOWN]))}{'…' if len(seen) > _SHOWN else ''}",
                path=_LABELS_PATH,
                hint="add training rows of that label, or take those rows out",
            )
    return read_names(train, column) or sort_labels(seen)
