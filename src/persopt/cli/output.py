"""What goes to standard output and standard error: tables for people, one JSON object for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

if TYPE_CHECKING:
    from rich.console import Console

__all__ = (
    "Row",
    "format_duration",
    "format_time",
    "format_value",
    "note",
    "open_console",
    "print_facts",
    "print_json",
    "print_table",
)

_WIDE: Final = 100_000
_MINUTE: Final = 60
_HOUR: Final = 3600

Row = Sequence[object]


def open_console(*, stderr: bool = False) -> Console:
    """Return a console that takes text as it is.

    Where it is not a terminal nothing is folded or cut, so that other programs can read the lines.
    """
    from rich.console import Console

    class PlainConsole(Console):
        """A console that lets a broken pipe through to the one place that deals with it."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _WIDE
    return PlainConsole(file=stream, width=width, markup=False, highlight=False, emoji=False)


def note(text: str) -> None:
    """Tell the person something that is not the command's result: a line on standard error."""
    click.echo(text, err=True)


def print_json(value: Any) -> None:
    """Print one object on standard output, UTF-8, indented."""
    encoded = msgspec.json.format(msgspec.json.encode(value), indent=2)
    click.echo(encoded.decode())


def print_table(
    console: Console, heads: Sequence[str], rows: Iterable[Row], *, best: int | None = None, right: Sequence[str] = ()
) -> None:
    """Print a table.

    Args:
        console: Where to.
        heads: Names of the columns.
        rows: Cells of each row; numbers are shown with four digits, None as nothing.
        best: Index of the row that is put in bold.
        right: Columns that are aligned to the right.
    """
    if console.is_terminal:
        _print_rich_table(console, heads, rows, best, right)
    else:
        _print_plain_table(console, heads, rows, right)


def _print_rich_table(
    console: Console, heads: Sequence[str], rows: Iterable[Row], best: int | None, right: Sequence[str]
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        table.add_column(Text(head), justify="right" if head in right else "left", overflow="fold")
    for index, row in enumerate(rows):
        table.add_row(*(Text(format_value(cell)) for cell in row), style="bold" if index == best else None)
    console.print(table)


def _print_plain_table(console: Console, heads: Sequence[str], rows: Iterable[Row], right: Sequence[str]) -> None:
    """Print aligned columns without lines, so that other programs can read them."""
    from rich.cells import cell_len

    cells = [list(heads), *([format_value(cell) for cell in row] for row in rows)]
    widths = [max(cell_len(row[column]) for row in cells) for column in range(len(heads))]
    for row in cells:
        padded = []
        for head, cell, width in zip(heads, row, widths, strict=True):
            space = " " * (width - cell_len(cell))
            padded.append(space + cell if head in right else cell + space)
        console.print("  ".join(padded).rstrip(), soft_wrap=True)


def print_facts(console: Console, facts: Mapping[str, object]) -> None:
    """Print names and values in two columns, without those that have none."""
    shown = {name: format_value(value) for name, value in facts.items() if value not in (None, "", [], {})}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        console.print(f"{name:<{width}}  {value}", soft_wrap=True)


def format_value(value: object) -> str:
    """Return a value as it stands in a table: numbers with four digits, lists joined, times of this place."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, list | tuple):
        return ", ".join(format_value(item) for item in value)
    return str(value)


def format_time(moment: datetime) -> str:
    """Return a time in this place's time zone."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def format_duration(seconds: float) -> str:
    """Return seconds as people say them: `4.2 s`, `3 min 05 s`, `2 h 07 min`."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"
