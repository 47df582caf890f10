"""A metric parser for the progress lines of Keras, drawn (`verbose=1`) or one an epoch (`verbose=2`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from persopt.plugins import LogReader, Metric, MetricParser, NoOptions, ParsedItem, hookimpl

__all__ = ("KerasLog", "KerasReader")

_EPOCH: Final = re.compile(r"Epoch (?P<epoch>\d{1,9}+)/\d++")
# Keras 3 draws a bar of ━, Keras 2 one of [==>..]; both then write the time of a step.
_PROGRESS: Final = re.compile(
    r"\s*+(?P<done>\d{1,15}+)/(?P<all>\d{1,15}+|Unknown)\s++"
    r"(?:(?P<bar>━++|\[[=>.]*+\])\s++(?:-\s++)?+|-\s++)?+"
    r"(?:ETA: )?+(?:\d++[mu]?s|\d++:[\d:]++)\s.*?(?P<metrics>-\s++[A-Za-z_].*+)"
)
_PAIR: Final = re.compile(r"-\s++(?P<name>[A-Za-z_][^:\s]*+(?: [^:\s-][^:\s]*+){0,3}+):\s++(?P<value>[-+\w.]++)")


class KerasReader:
    """Reads one trial's output.

    A bar that is drawn anew with every batch shows running means; what counts is its last state, when all batches
    are done. The step is the epoch, counted from 1; `evaluate` has none.
    """

    def __init__(self) -> None:
        self._epoch: int | None = None
        self._done = 0
        self._open: list[ParsedItem] = []

    def claims(self, line: str) -> bool:
        """Return whether the line is a heading or a bar of Keras."""
        return _EPOCH.fullmatch(line.rstrip()) is not None or _PROGRESS.match(line) is not None

    def feed(self, line: str) -> Iterable[ParsedItem]:
        """Give the metrics of an epoch, once it is over."""
        heading = _EPOCH.fullmatch(line.rstrip())
        if heading is not None:
            found = self.close()
            self._epoch, self._done = int(heading["epoch"]), 0
            return found
        match = _PROGRESS.match(line)
        return self.close() if match is None else self._feed_progress(match)

    def close(self) -> Iterable[ParsedItem]:
        """Give the metrics of a bar that was full."""
        found, self._open = self._open, []
        return found

    def _feed_progress(self, match: re.Match[str]) -> Iterable[ParsedItem]:
        found: list[ParsedItem] = []
        done = int(match["done"])
        is_full = match["all"] in ("Unknown", match["done"])
        if done < self._done:  # another bar than the one before, and no heading: not of an epoch
            found = [*self.close()]
            self._epoch = None
        self._open = _read(match["metrics"], self._epoch) if is_full else []
        self._done = done
        if is_full and match["bar"] is None:  # one line an epoch: there is no later state
            found += self.close()
            self._done, self._epoch = 0, None
        return found


def _read(text: str, step: int | None) -> list[ParsedItem]:
    metrics: list[ParsedItem] = []
    for match in _PAIR.finditer(text):
        try:
            metrics.append(Metric(name=match["name"], value=float(match["value"]), step=step))
        except ValueError:
            continue
    return metrics


class KerasLog:
    """Keras 2 and 3."""

    name = "keras"
    title = {"en": "Keras", "fa": "کراس"}
    options = NoOptions

    def open(self, options: NoOptions) -> LogReader:  # noqa: ARG002 - there are none
        """Return a new reader."""
        return KerasReader()


@hookimpl
def persopt_metric_parsers() -> Iterable[MetricParser[NoOptions]]:
    """Offer the parser."""
    yield KerasLog()
