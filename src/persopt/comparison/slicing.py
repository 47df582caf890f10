"""Cutting rows into parts: by the values of a column, or from the smallest number to the largest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from persopt.data.column_kinds import describe_columns, read_kinds
from persopt.data.columns import flatten_translations
from persopt.data.labels import read_labels, read_names
from persopt.data.reading import read_dataset
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.errors import Fault
from persopt.domain.names import suggest

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ("FEWEST_ROWS", "MOST_VALUES", "Part", "check_columns", "cut_by_numbers", "cut_by_values", "cut_column")

FEWEST_ROWS: Final = 10
"""Rows below which a value has no slice of its own: nothing could be told of it."""

MOST_VALUES: Final = 20
"""Values of a column that have slices of their own, the most frequent ones."""

_NUMBER_PARTS: Final = 4
_BLOCKS: Final = "causal-language-modeling"


class Part(Struct, frozen=True, kw_only=True):
    """Some of the rows; see `persopt.domain.compare_reports.ComparedSlice`.

    Attributes:
        places: Numbers of the rows, in order.
    """

    column: str | None
    places: list[int]
    value: str | None = None
    low: float | None = None
    high: float | None = None
    rest: bool = False


def check_columns(spec: CompareSpec, location: Path | str) -> Iterator[Fault]:
    """Give a fault for each column that rows cannot be sliced by."""
    if not spec.slice_by:
        return
    if spec.task == _BLOCKS:
        yield Fault(path="$.sliceBy", message=f"{_BLOCKS} judges blocks of text, which have no columns; leave it out")
        return
    dataset = flatten_translations(read_dataset(location, spec.data))
    kinds = read_kinds(next(iter(dataset.values())))
    for index, name in enumerate(spec.slice_by):
        path = f"$.sliceBy[{index}]"
        if name not in kinds:
            message = f"there is no column {name!r}; {describe_columns(kinds)}{suggest(name, kinds)}"
            yield Fault(path=path, message=message)
        elif kinds[name] not in ("text", "class", "number"):
            yield Fault(path=path, message=f"column {name!r} holds no single values to slice by")


def cut_column(rows: Dataset, column: str) -> list[Part]:
    """Return parts by the values of a column, of many different numbers four parts by their size."""
    names = read_names(rows, column)
    values = rows.with_format("arrow").select_columns([column])[:][column].to_pylist()
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if names is None and len(numbers) == len(values) and len(set(numbers)) > MOST_VALUES:
        return cut_by_numbers(column, numbers, _NUMBER_PARTS)
    return cut_by_values(column, [label if isinstance(label, str) else "" for label in read_labels(rows, column)])


def cut_by_values(column: str, values: Sequence[str]) -> list[Part]:
    """Return a part for each value, the most frequent first, and one for the rows of all rare values.

    Args:
        column: The column.
        values: Of each row; empty where it is missing.
    """
    counts = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    own = [value for value, count in counts if count >= FEWEST_ROWS][:MOST_VALUES]
    places: dict[str, list[int]] = {value: [] for value in own}
    rare: list[int] = []
    for place, value in enumerate(values):
        places.get(value, rare).append(place)
    parts = [Part(column=column, value=value, places=found) for value, found in places.items()]
    return [*parts, Part(column=column, places=rare, rest=True)] if rare else parts


def cut_by_numbers(column: str | None, numbers: Sequence[float], parts: int) -> list[Part]:
    """Return parts of about as many rows each, from the smallest numbers to the largest; equal ones stay together.

    Args:
        column: The column; None for the rows' lengths.
        numbers: Of each row.
        parts: At most so many; none come back where all numbers are equal.
    """
    ordered = sorted(numbers)
    first: dict[float, int] = {}
    for rank, number in enumerate(ordered):
        first.setdefault(number, rank)
    places: dict[int, list[int]] = {}
    for place, number in enumerate(numbers):
        places.setdefault(first[number] * parts // max(len(ordered), 1), []).append(place)
    if len(places) < 2:  # noqa: PLR2004 - one part is the whole
        return []
    found = []
    for _, rows in sorted(places.items()):
        inside: list[Any] = [numbers[place] for place in rows]
        found.append(Part(column=column, places=rows, low=float(min(inside)), high=float(max(inside))))
    return found
