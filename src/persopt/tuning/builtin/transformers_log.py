"""A metric parser for what the Transformers Trainer prints: dictionaries, and the tables of `log_metrics`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from persopt.plugins import LogReader, Metric, MetricParser, NoOptions, ParsedItem, hookimpl

__all__ = ("TransformersLog", "TransformersReader")

# A value as Python writes it: Transformers 4 prints numbers, Transformers 5 numbers as text.
_ENTRY: Final = re.compile(r"""'(?P<name>[^'\\]++)':\s?(?P<quote>'?)(?P<value>[-+\w.]++)(?P=quote)(?=[,}])""")
_HEADING: Final = re.compile(r"\*{5} (?:train|eval|test|predict)\w* metrics \*{5}")
_ROW: Final = re.compile(r"  (?P<name>[\w/.-]++)\s++=\s++(?P<value>[-+\w.,:]++)%?")
_COUNTERS: Final = ("step", "global_step")


class TransformersReader:
    """Reads one trial's output.

    Progress bars may share the line. Of the tables that `log_metrics` prints, durations (`0:00:01.20`) are left out.
    The dictionaries tell the epoch, often a fraction, and no step; one under `step` is taken.
    """

    def __init__(self) -> None:
        self._in_table = False

    def claims(self, line: str) -> bool:
        """Return whether the line is a dictionary of the Trainer or belongs to a table."""
        return self._find_dictionary(line) is not None or self._is_table(line)

    def feed(self, line: str) -> Iterable[ParsedItem]:
        """Give the metrics of a line."""
        text = self._find_dictionary(line)
        if text is not None:
            self._in_table = False
            return _metrics(_read_dictionary(text))
        self._in_table = self._is_table(line)
        row = _ROW.fullmatch(line.rstrip()) if self._in_table else None
        return [] if row is None else _metrics(_read_row(row))

    def close(self) -> Iterable[ParsedItem]:
        """Give nothing: no line waits for another."""
        return ()

    def _is_table(self, line: str) -> bool:
        return _HEADING.match(line) is not None or (self._in_table and _ROW.fullmatch(line.rstrip()) is not None)

    @staticmethod
    def _find_dictionary(line: str) -> str | None:
        start = line.rfind("{'")
        if start < 0 or "'epoch': " not in line[start:] or not line.rstrip().endswith("}"):
            return None
        return line[start:]


def _read_dictionary(text: str) -> Iterator[tuple[str, float]]:
    for match in _ENTRY.finditer(text):
        value = _to_number(match["value"])
        if value is not None:
            yield match["name"], value


def _read_row(row: re.Match[str]) -> Iterator[tuple[str, float]]:
    value = _to_number(row["value"].replace(",", ""))
    if value is not None:
        yield row["name"], value


def _to_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _metrics(found: Iterable[tuple[str, float]]) -> list[Metric]:
    values = dict(found)
    counted = next((values[name] for name in _COUNTERS if name in values), None)
    step = int(counted) if counted is not None and counted == counted // 1 else None
    return [Metric(name=name, value=value, step=step) for name, value in values.items()]


class TransformersLog:
    """The Trainer of Hugging Face Transformers."""

    name = "transformers-trainer"
    title = {"en": "Transformers Trainer", "fa": "Trainer کتابخانهٔ Transformers"}
    options = NoOptions

    def open(self, options: NoOptions) -> LogReader:  # noqa: ARG002 - there are none
        """Return a new reader."""
        return TransformersReader()


@hookimpl
def persopt_metric_parsers() -> Iterable[MetricParser[NoOptions]]:
    """Offer the parser."""
    yield TransformersLog()
