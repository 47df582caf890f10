"""Splits: as given, else made by seed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from persopt.data.files import Split, find_split
from persopt.data.labels import RowLabel, read_labels
from persopt.data.names import join_names
from persopt.data.rows import choose_rows
from persopt.domain.errors import DataError
from persopt.domain.names import suggest
from persopt.domain.programs import DataSpec

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

__all__ = ("SplitNames", "make_splits", "resolve_splits")

_FIELDS: Final[dict[Split, str]] = {
    "train": "trainSplit",
    "validation": "validationSplit",
    "test": "testSplit",
}
# Told apart so that the draws of one do not depend on another's.
_VALIDATION_DRAW, _TRAIN_DRAW, _LIMIT_DRAW = 1, 2, 3


class SplitNames(Struct, frozen=True, kw_only=True):
    """Names of the splits in the data set; a validation split that is to be made, and no test split, are None."""

    train: str
    validation: str | None = None
    test: str | None = None


def resolve_splits(names: Iterable[str], data: DataSpec) -> SplitNames:
    """Tell which split is which.

    Those that `data` names, else by their names (`train`, `validation` or `dev`, `test`). Where nothing is
    called for training, the only split is; where there are a validation and a test split, that for validation
    is trained on, and a part of it is made the validation split; the test split stays what it is.

    Raises:
        DataError: if a named split is not there, one is named twice, or it cannot be told which is which.
    """
    there = list(names)
    given: dict[Split, str | None] = {
        "train": data.train_split,
        "validation": data.validation_split,
        "test": data.test_split,
    }
    taken: dict[Split, str] = {}
    for kind, wanted in given.items():
        if wanted is not None:
            taken[kind] = _look_up(wanted, there, kind)
    if len(set(taken.values())) < len(taken):
        raise DataError(f"one split is named twice: {join_names(taken.values())}", path="$.data")
    free = [name for name in there if name not in taken.values()]
    by_kind: dict[Split | None, list[str]] = {}
    for name in free:
        by_kind.setdefault(_kind_of(name), []).append(name)
    if "train" not in taken:
        candidates = by_kind.pop("train", None) or by_kind.pop(None, None) or by_kind.pop("validation", None) or free
        taken["train"] = _only(candidates, "train", there)
    for kind in ("validation", "test"):
        if kind not in taken and by_kind.get(kind) and taken["train"] not in by_kind[kind]:
            taken[kind] = _only(by_kind[kind], kind, there)
    return SplitNames(train=taken["train"], validation=taken.get("validation"), test=taken.get("test"))


def make_splits(
    dataset: DatasetDict, data: DataSpec, seed: int, label_column: str | None, stratify: bool
) -> DatasetDict:
    """Return the splits `train`, `validation` and, if there is one, `test`, limited to the rows asked for.

    A validation split that is not there is taken from the training rows by seed; every label stays in training.
    The same data, spec and seed give the same rows. Rows keep their order.

    Args:
        dataset: What was read.
        data: Names of splits, the share of validation, limits of rows.
        seed: Seed of all choices.
        label_column: Decides what must stay; None where rows have no classes.
        stratify: Keep the labels' shares in both parts; the labels must then be single, not lists.

    Raises:
        DataError: if there are too few rows to take some for validation, or to keep every label.
    """
    from datasets import DatasetDict

    names = resolve_splits(dataset, data)
    train = dataset[names.train]
    if names.validation is None:
        train, validation = _take_validation(train, data, seed, label_column, stratify)
    else:
        validation = dataset[names.validation]
    if data.max_train_rows is not None and data.max_train_rows < train.num_rows:
        labels = _read_labels(train, label_column)
        _check_limit(labels, data.max_train_rows)
        train = train.select(choose_rows(labels, data.max_train_rows, (seed, _TRAIN_DRAW), stratify))
    if data.max_validation_rows is not None and data.max_validation_rows < validation.num_rows:
        labels = _read_labels(validation, label_column)
        validation = validation.select(choose_rows(labels, data.max_validation_rows, (seed, _LIMIT_DRAW), stratify))
    made = DatasetDict({"train": train, "validation": validation})
    if names.test is not None:
        made["test"] = dataset[names.test]
    return made


def _take_validation(
    train: Dataset, data: DataSpec, seed: int, label_column: str | None, stratify: bool
) -> tuple[Dataset, Dataset]:
    labels = _read_labels(train, label_column)
    count = max(1, round(train.num_rows * data.validation_fraction))
    kept = train.num_rows - count
    classes = _distinct(labels)
    if kept < max(1, len(classes) if stratify else 1):
        message = f"{train.num_rows} rows are too few to take {data.validation_fraction:g} of them for validation"
        hint = "add rows, or a validation split"
        kept_labels = f" and keep all {len(classes)} labels" if label_column is not None else ""
        raise DataError(f"{message}{kept_labels}", path="$.data.validationFraction", hint=hint)
    chosen = choose_rows(labels, kept, (seed, _VALIDATION_DRAW), stratify)
    in_train = set(chosen.tolist())
    rest = [index for index in range(train.num_rows) if index not in in_train]
    return train.select(chosen), train.select(rest)


def _read_labels(split: Dataset, column: str | None) -> list[RowLabel]:
    return [None] * split.num_rows if column is None else read_labels(split, column)


def _check_limit(labels: list[RowLabel], limit: int) -> None:
    classes = _distinct(labels)
    if limit < len(classes):
        message = f"is {limit}, fewer than the {len(classes)} labels; use at least one row of each"
        raise DataError(message, path="$.data.maxTrainRows")


def _distinct(labels: list[RowLabel]) -> set[str | None]:
    return {name for label in labels for name in (label if isinstance(label, tuple) else (label,))}


def _look_up(wanted: str, there: list[str], kind: Split) -> str:
    if wanted in there:
        return wanted
    meant = _kind_of(wanted)
    alike = [name for name in there if meant is not None and _kind_of(name) == meant]
    if len(alike) == 1:
        return alike[0]
    message = f"there is no split {wanted!r}; the splits are {join_names(there)}{suggest(wanted, there)}"
    raise DataError(message, path=f"$.data.{_FIELDS[kind]}")


def _only(names: list[str], kind: Split, there: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    found = f"{join_names(names, 'or')} could be the {kind} split" if names else f"there is no {kind} split"
    message = f"{found}; the splits are {join_names(there)}; name it with data.{_FIELDS[kind]}"
    raise DataError(message, path=f"$.data.{_FIELDS[kind]}")


def _kind_of(name: str) -> Split | None:
    try:
        return find_split(name)
    except DataError:  # a name that tells of several tells of none
        return None
