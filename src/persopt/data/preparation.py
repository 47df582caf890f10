"""From a location and a spec to checked splits and labels; what inspection and tokenization both stand on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from persopt.data.columns import DetectedColumns, detect_columns
from persopt.data.labels import RowLabel, check_class_count, read_labels, read_names, sort_labels
from persopt.data.reading import read_dataset
from persopt.data.splits import make_splits, resolve_splits
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
        row_labels: For each split, the label of each row; all are among `labels`.
        labels: Names of the classes in the order of their ids.
    """

    task: TaskName
    data: DataSpec
    splits: DatasetDict
    row_labels: dict[str, list[RowLabel]]
    labels: list[str]


def prepare_data(location: Path | str, data: DataSpec, task: TaskName | None, seed: int) -> PreparedData:
    """Read a data set, find its columns, make its splits and check its labels.

    A test split without labels is left out, unless it is named.

    Raises:
        DataError: if it cannot be read or used: a column that is not there, rows without a label, one class
            only, labels of validation or test that are not in training, tags that do not fit their words.
    """
    dataset = read_dataset(location, data)
    columns = detect_columns(dataset, data, task)
    names = resolve_splits(dataset, data)
    used = {name: dataset[name] for name in (names.train, names.validation, names.test) if name is not None}
    if names.test is not None and data.test_split is None and _is_unlabelled(used[names.test], columns):
        del used[names.test], dataset[names.test]
        names = msgspec.structs.replace(names, test=None)
    for name, split in used.items():
        _check_split(name, split, columns)
    stratify = columns.task == "text-classification"
    if stratify:
        values = {str(label) for label in read_labels(used[names.train], columns.label_column)}
        check_class_count(values, used[names.train].num_rows, columns.label_column)
    splits = make_splits(dataset, data, seed, columns.label_column, stratify)
    row_labels = {name: read_labels(split, columns.label_column) for name, split in splits.items()}
    labels = _collect_labels(splits["train"], row_labels, columns.label_column)
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
    if columns.label_column not in split.column_names:
        return True
    return all(_is_missing(label) for label in read_labels(split, columns.label_column))


def _is_missing(label: RowLabel) -> bool:
    return label is None or label == () or (isinstance(label, tuple) and None in label)


def _check_split(name: str, split: Dataset, columns: DetectedColumns) -> None:
    for column in (*columns.text_columns, columns.label_column):
        if column not in split.column_names:
            there = ", ".join(split.column_names)
            path = _LABELS_PATH if column == columns.label_column else "$.data.textColumns"
            raise DataError(f"the split {name!r} has no column {column!r}; it has {there}", path=path)
    labels = read_labels(split, columns.label_column)
    missing = [number for number, label in enumerate(labels, 1) if _is_missing(label)]
    if missing:
        message = f"{len(missing)} of {len(labels)} rows of the split {name!r} have no label in column"
        where = f"{columns.label_column!r}, the first is row {missing[0]}"
        raise DataError(f"{message} {where}", path=_LABELS_PATH, hint="give them a label or take them out")
    if columns.task == "token-classification":
        _check_lengths(name, split, columns, labels)
    elif not any(any(split[column][:]) for column in columns.text_columns):
        message = f"all texts of the split {name!r} are empty in {', '.join(columns.text_columns)}"
        raise DataError(message, path="$.data.textColumns")


def _check_lengths(name: str, split: Dataset, columns: DetectedColumns, labels: list[RowLabel]) -> None:
    for number, (words, tags) in enumerate(zip(split[columns.text_columns[0]][:], labels, strict=True), 1):
        if len(words or ()) != len(tags or ()):
            raise DataError(
                f"row {number} of the split {name!r} has {len(words or ())} words in {columns.text_columns[0]!r} "
                f"but {len(tags or ())} tags in {columns.label_column!r}; each word needs one",
                path=_LABELS_PATH,
            )


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
