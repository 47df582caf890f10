"""Tables of a report, as data: a page and a Markdown file show the same cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

__all__ = ("Cell", "Table")


class Cell(Struct, frozen=True):
    """What stands in one place of a table, as plain text.

    Attributes:
        text: In the language of the report, or what a user wrote.
        note: Shown smaller below it: an interval, an exact number.
        kind: `number` ends where the column ends; `name` is in its own direction, `path` runs from left to right;
            `long` breaks into lines.
    """

    text: str
    note: str = ""
    kind: Literal["text", "number", "name", "path", "long"] = "text"


class Table(Struct, frozen=True, kw_only=True):
    """A table; the first cell of a row names it.

    Attributes:
        name: Its id in the page, unique there.
        title: Above it.
        heads: Of the columns.
        rows: Cells, as many a row as there are heads.
        notes: Sentences between the title and the table.
        marked: Places of the rows that stand out.
    """

    name: str
    title: str
    heads: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    marked: frozenset[int] = frozenset()
