"""The rows that not all models answer alike, as files for people and programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from persopt.evaluation.scores import RowScores

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ("Difference", "find_differences", "write_csv", "write_json_lines")


class Difference(Struct, frozen=True, kw_only=True, rename="camel"):
    """A row that not all models answer alike.

    Attributes:
        row: Its number in the split, from 1.
        columns: What stands in its columns: the texts, the label, and those that rows are sliced by.
        answers: Of each model by its label: the name of a class, of each token's, or a text.
        right: Of each model whether it is right, where that can be told.
    """

    row: int
    columns: dict[str, Any]
    answers: dict[str, Any]
    right: dict[str, bool] = {}


def find_differences(
    labels: Sequence[str],
    scores: Sequence[RowScores],
    rows: Dataset,
    places: Sequence[int],
    *,
    columns: Sequence[str],
    classes: Sequence[str],
    has_labels: bool,
) -> list[Difference]:
    """Return the rows that not all models answer alike, in the order of the data.

    Args:
        labels: What the models are called.
        scores: Of the models, on the same rows.
        rows: Those rows with all their columns.
        places: Their numbers in the split, from 0.
        columns: Which columns to show.
        classes: Names of the classes in the order of their ids; empty where answers are texts.
        has_labels: Whether it is known which answers are right.
    """
    shown = rows.select_columns(list(columns))
    found = []
    for place, answers in enumerate(zip(*(one.answers for one in scores), strict=True)):
        if all(answer == answers[0] for answer in answers):
            continue
        right = {
            label: bool(one.right[place])
            for label, one in zip(labels, scores, strict=True)
            if has_labels and one.right is not None
        }
        found.append(
            Difference(
                row=places[place] + 1,
                columns={name: _as_plain(value, rows, name) for name, value in shown[place].items()},
                answers=dict(zip(labels, (_name(answer, classes) for answer in answers), strict=True)),
                right=right,
            )
        )
    return found


def write_json_lines(differences: Iterable[Difference]) -> str:
    """Return one JSON object a line."""
    return "".join(f"{msgspec.json.encode(one).decode()}\n" for one in differences)


def write_csv(differences: Sequence[Difference], columns: Sequence[str], labels: Sequence[str]) -> str:
    """Return a table: the row's number, its columns, the answer of each model; items of lists with spaces between."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["row", *columns, *labels])
    for one in differences:
        cells = [*(one.columns[name] for name in columns), *(one.answers[label] for label in labels)]
        writer.writerow([one.row, *(_as_cell(cell) for cell in cells)])
    return stream.getvalue()


def _name(answer: Any, classes: Sequence[str]) -> Any:
    if not classes:
        return answer
    return [classes[item] for item in answer] if isinstance(answer, list) else classes[answer]


def _as_plain(value: Any, rows: Dataset, column: str) -> Any:
    """Return a value as JSON has it: classes by name, of what is no text or number what it is called."""
    from persopt.data.labels import read_names

    names = read_names(rows, column)
    if names is not None and isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    if names is not None and isinstance(value, list):
        return [names[item] if isinstance(item, int) and 0 <= item < len(names) else item for item in value]
    if value is None or isinstance(value, str | int | float | list):
        return value
    return getattr(value, "filename", None) or type(value).__name__


def _as_cell(value: Any) -> Any:
    return " ".join(str(item) for item in value) if isinstance(value, list) else value
