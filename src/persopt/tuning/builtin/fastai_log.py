"""A metric parser for fastai: the table that its recorder prints, and its rows as lists where there is no bar."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Final

from msgspec import Meta, Struct

from persopt.plugins import LogReader, Metric, MetricParser, ParsedItem, hookimpl

__all__ = ("FastaiLog", "FastaiOptions", "FastaiReader")

_BAR: Final = re.compile(
    r"█?(?:Epoch \d++/\d++ : ?| )?\|[█-]*+\| \d{1,3}\.\d\d% \[\d++/\d++ |█$|Epoch \d++/\d++ :\s*+$"
)
_TIME: Final = re.compile(r"\d++:\d\d(?::\d\d)?+")
_LIST: Final = re.compile(r"\[(?P<cells>\d{1,9}+, [^\[\]']*+'\d++:\d\d(?::\d\d)?+')\]")
_LEAST_HEADING: Final = 3


class FastaiOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Options of the parser."""

    columns: Annotated[
        list[str],
        Meta(
            title="Columns",
            description="Names of the columns after the epoch, for output without a heading; by default train_loss "
            "and valid_loss, and the metrics after them are left out.",
        ),
    ] = []


class FastaiReader:
    """Reads one trial's output.

    The heading (`epoch train_loss valid_loss accuracy time`) names the columns of the rows below it. A learner
    without its progress bar prints each row as a list and no heading; the options name those columns. The step is
    the number of epochs done.
    """

    def __init__(self, options: FastaiOptions) -> None:
        self._columns: list[str] | None = None
        self._unnamed = options.columns or ["train_loss", "valid_loss"]

    def claims(self, line: str) -> bool:
        """Return whether the line is a bar, a heading or a row of fastai."""
        return _BAR.match(line) is not None or _heading(line) is not None or self._row(line) is not None

    def feed(self, line: str) -> Iterable[ParsedItem]:
        """Give the metrics of a row."""
        heading = _heading(line)
        if heading is not None:
            self._columns = heading
            return
        found = self._row(line)
        if found is None:
            return
        columns, epoch, cells = found
        for name, cell in zip(columns, cells, strict=False):
            value = _number(cell)
            if value is not None:
                yield Metric(name=name, value=value, step=int(epoch) + 1)

    def close(self) -> Iterable[ParsedItem]:
        """Give nothing: no line waits for another."""
        return ()

    def _row(self, line: str) -> tuple[list[str], str, list[str]] | None:
        """Return the names, the epoch and the values of a row; None if the line is none."""
        listed = _LIST.fullmatch(line.strip())
        if listed is not None:
            epoch, *cells, _ = [cell.strip() for cell in listed["cells"].split(",")]
            return self._unnamed, epoch, cells
        if self._columns is None:
            return None
        epoch, *cells = line.split() or [""]
        is_row = len(cells) == len(self._columns) and epoch.isascii() and epoch.isdigit() and len(epoch) < 10  # noqa: PLR2004
        if not is_row or not (_TIME.fullmatch(cells[-1]) or _number(cells[-1]) is not None):
            return None
        return self._columns, epoch, cells


def _heading(line: str) -> list[str] | None:
    first, *columns = line.removeprefix("█").split() or [""]
    return columns if first == "epoch" and len(columns) >= _LEAST_HEADING and "train_loss" in columns else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


class FastaiLog:
    """fastai 2."""

    name = "fastai"
    title = {"en": "fastai", "fa": "فست‌ای‌آی"}
    options = FastaiOptions

    def open(self, options: FastaiOptions) -> LogReader:
        """Return a new reader."""
        return FastaiReader(options)


@hookimpl
def persopt_metric_parsers() -> Iterable[MetricParser[FastaiOptions]]:
    """Offer the parser."""
    yield FastaiLog()
