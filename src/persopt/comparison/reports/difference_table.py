"""The first of the rows that the models answer differently, read back from the file that has them all."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from persopt.comparison.differences import Difference
from persopt.comparison.reports.wording import NOTHING
from persopt.domain.compare_reports import CompareReport
from persopt.reporting.locale import Locale
from persopt.reporting.tables import Cell, Table

__all__ = ("ALL_DIFFERENCES", "MOST_ROWS", "difference_table")

ALL_DIFFERENCES: Final = "differences.jsonl"
MOST_ROWS: Final = 20
_LONGEST: Final = 300  # characters of a cell


def difference_table(report: CompareReport, folder: Path, locale: Locale) -> Table | None:
    """Return at most 20 rows with the answers of all models; None where none differs or the file is gone.

    Args:
        report: Of the comparison.
        folder: Where its files lie, if it does not name them.
        locale: Language of the heads.
    """
    rows = _read(Path(report.artifacts.get(ALL_DIFFERENCES, folder / ALL_DIFFERENCES)))
    if not rows:
        return None
    columns = list(dict.fromkeys(name for one in rows for name in one.columns))
    labels = [model.label for model in report.models]
    return Table(
        name="differences",
        title=locale.text("compare.table.differences"),
        heads=[
            Cell(locale.text("compare.column.row"), kind="number"),
            *(Cell(name, kind="name") for name in columns),
            *(Cell(label, kind="name") for label in labels),
        ],
        rows=[
            [
                Cell(locale.number(one.row), kind="number"),
                *(_show(one.columns.get(name)) for name in columns),
                *(_answer(one, label) for label in labels),
            ]
            for one in rows
        ],
        notes=[locale.text("compare.note.differences", shown=len(rows), number=max(report.differences, len(rows)))],
    )


def _read(file: Path) -> list[Difference]:
    try:
        with file.open(encoding="utf-8", newline="\n") as lines:
            return [msgspec.json.decode(line, type=Difference) for line in islice(lines, MOST_ROWS)]
    except (OSError, ValueError):  # a page of figures is worth more than none
        return []


def _answer(row: Difference, label: str) -> Cell:
    cell = _show(row.answers.get(label))
    if label not in row.right:
        return cell
    return Cell(f"{cell.text} {'✓' if row.right[label] else '✗'}", kind=cell.kind)


def _show(value: Any) -> Cell:
    if value is None:
        return Cell(NOTHING.text)
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return Cell(text, kind="long" if len(text) > 24 else "name")  # noqa: PLR2004 - fits a line
