"""Rows without labels: models answer them, and are compared by how far they agree.

The parts that read, tokenize and judge rows want labels. So such rows are copied with labels that stand in for those
that are missing, and nothing that depends on a label is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from persopt.data.column_kinds import TEXTS_PATH, ColumnKinds, check_name, fold_name, read_kinds
from persopt.data.columns import flatten_translations
from persopt.data.files import Split, find_split
from persopt.data.labels import read_labels
from persopt.data.reading import read_dataset
from persopt.data.tasks.text_classification import LABEL_NAMES, find_texts
from persopt.domain.errors import DataError
from persopt.domain.names import list_choices
from persopt.domain.programs import DataSpec, TaskName

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ("find_unlabelled", "is_unlabelled", "read_unlabelled", "write_stand_in")

_COLUMN: Final = "persopt_stand_in"
_TASKS: Final[tuple[TaskName, ...]] = ("text-classification", "token-classification", "translation", "summarization")
_EACH: Final = 3  # training rows of each class: so many that it is taken for one


def is_unlabelled(task: TaskName | None, data: DataSpec) -> bool:
    """Return whether a resolved spec says that the data have no labels."""
    return task in _TASKS and not data.label_column


def find_unlabelled(location: Path | str, data: DataSpec, split: Split, task: TaskName | None) -> DataSpec | None:
    """Return how rows without labels are read, their text columns filled in; None if they have labels.

    Args:
        location: Where the data lie.
        data: How to read them; an empty `label_column` says that they have none, whatever columns there are.
        split: Which rows.
        task: What the models do.

    Raises:
        DataError: if they cannot be read, or it cannot be told which columns hold the texts.
    """
    if data.label_column or task not in _TASKS:
        return None
    rows = read_unlabelled(location, data, split)
    kinds = read_kinds(rows)
    named = [name for name in kinds if any(fold_name(name) in group for group in LABEL_NAMES)]
    if data.label_column is None and any(_has_labels(rows, name, kinds) for name in named):
        return None
    for name in data.text_columns:
        check_name(name, kinds, TEXTS_PATH)
    texts = {name: kind for name, kind in kinds.items() if name not in named or name in data.text_columns}
    return msgspec.structs.replace(data, text_columns=find_texts(rows, texts, data, task, None))


def read_unlabelled(location: Path | str, data: DataSpec, split: Split) -> Dataset:
    """Return the rows of a split, all of them where there is only one.

    Raises:
        DataError: if there is no such split.
    """
    dataset = flatten_translations(read_dataset(location, data))
    named = {"train": data.train_split, "validation": data.validation_split, "test": data.test_split}[split]
    if named is None:
        fitting = [name for name in dataset if find_split(name) == split]
        named = fitting[0] if fitting else next(iter(dataset)) if len(dataset) == 1 else split
    if named not in dataset:
        raise DataError(f"there is no {named} split; the data has {list_choices(list(dataset))}", path="$.split")
    return dataset[named]


def write_stand_in(rows: Dataset, data: DataSpec, task: TaskName, classes: Sequence[str], folder: Path) -> DataSpec:
    """Write the rows with labels that stand in for those that are missing, and return how they are read.

    Args:
        rows: The rows.
        data: Names their text columns.
        task: What the models do.
        classes: Names of the models' classes; not used where the task has none.
        folder: New; the rows are its validation split.
    """
    folder.mkdir(parents=True)
    names = cycle(classes or ("-",))
    texts = rows.select_columns(data.text_columns)
    lines = [_label(dict(row), data.text_columns[0], next(names), task) for row in texts]
    filled = next((line for line in lines if line[data.text_columns[0]]), lines[0])
    text = filled[data.text_columns[0]]
    training = [
        filled | {_COLUMN: [name] * len(text) if task == "token-classification" else name}
        for name in classes or ("-",)
        for _ in range(_EACH)
    ]
    for split, written in (("train", training), ("validation", lines)):
        (folder / f"{split}.jsonl").write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in written))
    return msgspec.structs.replace(
        data,
        label_column=_COLUMN,
        train_split=None,
        validation_split=None,
        test_split=None,
        max_train_rows=None,
        max_validation_rows=None,
        columns=[],
    )


def _label(row: dict[str, Any], column: str, name: str, task: TaskName) -> dict[str, Any]:
    if task == "token-classification":
        row[column] = row[column] or []
        return row | {_COLUMN: [name] * len(row[column])}
    return row | {_COLUMN: name}


def _has_labels(rows: Dataset, name: str, kinds: ColumnKinds) -> bool:
    if kinds[name] in ("image", "other"):
        return False
    return any(label not in (None, ()) for label in read_labels(rows, name))
