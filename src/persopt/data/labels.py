"""Labels: from any kind of value to names, and the order of names."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from persopt.domain.errors import DataError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ("RowLabel", "as_number", "check_class_count", "read_labels", "read_names", "sort_labels")

RowLabel: TypeAlias = str | tuple[str | None, ...] | None
"""The label of a row: a name, the names of its tokens' tags, or None where there is none."""

_FEW: Final = 20  # so many classes are plausible whatever the number of rows


def read_names(dataset: Dataset, column: str) -> list[str] | None:
    """Return the names that a column's `ClassLabel` feature (or a list of it) declares; None for other columns."""
    feature = dataset.features[column]
    feature = getattr(feature, "feature", feature)
    names = getattr(feature, "names", None)
    return [str(name) for name in names] if names else None


def read_labels(dataset: Dataset, column: str) -> list[RowLabel]:
    """Return the label of each row as names.

    Whole numbers are named by their digits, truth values `false` and `true`; space around names is dropped.
    Nulls, NaNs, empty names and the -1 of a `ClassLabel` are None.
    """
    names = read_names(dataset, column)
    values = dataset.with_format("arrow").select_columns([column])[:][column].to_pylist()
    return [
        tuple(_name_label(item, names) for item in value) if isinstance(value, list) else _name_label(value, names)
        for value in values
    ]


def sort_labels(names: Iterable[str]) -> list[str]:
    """Return each name once: numbers by value, everything else by code point; the same on every machine."""
    unique = set(names)
    numbers = {name: as_number(name) for name in unique}
    return (
        sorted(unique, key=lambda name: (0 if numbers[name] is None else 1, numbers[name] or 0.0, name))
        if all(number is not None for number in numbers.values())
        else sorted(unique)
    )


def as_number(name: str) -> float | None:
    """Return the finite number that a name is written as, or None."""
    try:
        number = float(name)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def check_class_count(names: set[str], rows: int, column: str) -> None:
    """Make sure that the values of a column can be classes.

    Raises:
        DataError: if they are many different numbers (a rating), or hardly ever the same twice.
    """
    if len(names) <= _FEW:
        return
    numbers = [as_number(name) for name in names]
    fractions = [number for number in numbers if number is not None and not number.is_integer()]
    if fractions and None not in numbers:
        shown = sort_labels(names)
        raise DataError(
            f"column {column!r} holds {len(names)} different numbers from {shown[0]} to {shown[-1]}: a rating or "
            "measure, not a class; make a column of classes from it (such as negative and positive, by its sign) "
            "and name that with data.labelColumn",
            path="$.data.labelColumn",
        )
    if len(names) * 2 > rows:
        raise DataError(
            f"column {column!r} has {len(names)} different values in {rows} rows, too many to be classes; name the "
            "column of the labels with data.labelColumn",
            path="$.data.labelColumn",
        )


def _name_label(value: Any, names: list[str] | None) -> str | None:
    if value is None:
        return None
    if names is not None and isinstance(value, int):
        return names[value] if 0 <= value < len(names) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value).strip() or None
