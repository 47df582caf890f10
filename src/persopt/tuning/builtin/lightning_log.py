"""A metric parser for PyTorch Lightning: its progress bars (tqdm and Rich), tables, and early stopping's lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from persopt.plugins import LogReader, Metric, MetricParser, NoOptions, ParsedItem, hookimpl

__all__ = ("LightningLog", "LightningReader")

_BAR: Final = re.compile(
    r"Epoch (?P<epoch>\d{1,9}+)(?:/(?:\d++|-2))?+"
    r"(?::\s*+(?P<share>\d{1,3}+)%\||: \||\s++[━╸╺][━╸╺ ]*+(?P<done>\d++)/(?P<all>\d++)\s)"
)
_STAGE: Final = re.compile(
    r"(?:Sanity Checking|Training|Validation|Testing|Predicting)(?: DataLoader \d++)?+"
    r"(?::\s++(?:\d{1,3}+%)?+\||\s++[━╸╺])"
)
_TQDM_PAIR: Final = re.compile(r", (?P<name>[^=,\s\[\]]++)=(?P<value>[-+\w.]++)(?=[,\]])")
_RICH_PAIR: Final = re.compile(r"(?<=\s)(?P<name>[^:\s]++): (?P<value>[-+\w.]++)(?=\s|$)")
_RICH_REST: Final = re.compile(r"\s{8,}+(?P<name>[^:\s]++): (?P<value>[-+\w.]++)\s*+")
_HEADING: Final = re.compile(r"[\s┃│]*+(?:Validate|Test|Predict|Runningstage\.\w++) metric\s")
_TABLE_LINE: Final = re.compile(r"[\s─━┏┳┓┡╇┩└┴┘├┼┤]++")
_IMPROVED: Final = re.compile(
    r"Metric (?P<name>\S++) improved(?: by \S++ >= min_delta = \S++|\.) New best score: (?P<value>[-+\w.]++)"
)
_END: Final = "`Trainer."
_NOT_METRICS: Final = ("v_num",)


class LightningReader:
    """Reads one trial's output.

    A bar is drawn anew with every batch, and again after the validation; what counts is its last state in an epoch.
    The step is the number of epochs done. Tables of `validate` and `test` have no step; a second data loader's
    metrics are named as Lightning names them, `name/dataloader_idx_1`.
    """

    def __init__(self) -> None:
        self._epoch = -1
        self._open: dict[str, float] = {}
        self._given: dict[str, float] = {}
        self._in_rich_bar = False
        self._in_table = False

    def claims(self, line: str) -> bool:
        """Return whether the line is of a bar, a table or a callback of Lightning."""
        if _BAR.match(line) or _STAGE.match(line) or _HEADING.match(line) or _IMPROVED.search(line) or _END in line:
            return True
        if self._in_rich_bar and _RICH_REST.fullmatch(line):
            return True
        return self._in_table and (_TABLE_LINE.fullmatch(line) is not None or _cells(line) is not None)

    def feed(self, line: str) -> Iterable[ParsedItem]:
        """Give the metrics of an epoch once it is over, and those of tables and callbacks at once."""
        bar = _BAR.match(line)
        if bar is not None:
            return self._feed_bar(bar, line)
        rest = _RICH_REST.fullmatch(line) if self._in_rich_bar else None
        if rest is not None:
            self._open |= _numbers([rest])
            return ()
        self._in_rich_bar = False
        if _HEADING.match(line):
            self._in_table = True
            return self.close()
        if self._in_table:
            return self._feed_table(line)
        improved = _IMPROVED.search(line)
        if improved is not None:
            value = _number(improved["value"].removesuffix("."))
            return [] if value is None else [Metric(name=improved["name"], value=value)]
        return self.close() if _END in line else ()

    def close(self) -> Iterable[ParsedItem]:
        """Give the last state of the bar."""
        found, self._open = self._open, {}
        if found == self._given:
            return ()
        self._given = found
        return [Metric(name=name, value=value, step=self._epoch + 1) for name, value in found.items()]

    def _feed_bar(self, bar: re.Match[str], line: str) -> Iterable[ParsedItem]:
        epoch = int(bar["epoch"])
        is_full = bar["share"] == "100" or (bar["all"] is not None and bar["done"] == bar["all"])
        found = () if is_full and epoch == self._epoch else self.close()
        if epoch != self._epoch:
            self._epoch, self._given = epoch, {}
        self._in_table = False
        self._in_rich_bar = bar["all"] is not None
        pattern = _RICH_PAIR if self._in_rich_bar else _TQDM_PAIR
        self._open = _numbers(pattern.finditer(line, bar.end())) if is_full else {}
        return [*found, *(self.close() if _END in line else ())]

    def _feed_table(self, line: str) -> Iterable[ParsedItem]:
        cells = _cells(line)
        if cells is None:
            self._in_table = _TABLE_LINE.fullmatch(line) is not None
            return ()
        name, *values = cells
        return [
            Metric(name=name if index == 0 else f"{name}/dataloader_idx_{index}", value=value)
            for index, text in enumerate(values)
            if (value := _number(text)) is not None
        ]


def _cells(line: str) -> list[str] | None:
    """Return the name and the values of a table's row."""
    words = line.replace("│", " ").split()
    is_row = len(words) > 1 and all(_number(word) is not None for word in words[1:])
    return words if is_row and line[0] in " │" else None


def _numbers(matches: Iterable[re.Match[str]]) -> dict[str, float]:
    return dict(_read(matches))


def _read(matches: Iterable[re.Match[str]]) -> Iterator[tuple[str, float]]:
    for match in matches:
        value = _number(match["value"])
        if value is not None and match["name"] not in _NOT_METRICS:
            yield match["name"], value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


class LightningLog:
    """PyTorch Lightning 2."""

    name = "lightning"
    title = {"en": "PyTorch Lightning", "fa": "پای‌تورچ لایتنینگ"}
    options = NoOptions

    def open(self, options: NoOptions) -> LogReader:  # noqa: ARG002 - there are none
        """Return a new reader."""
        return LightningReader()


@hookimpl
def persopt_metric_parsers() -> Iterable[MetricParser[NoOptions]]:
    """Offer the parser."""
    yield LightningLog()
