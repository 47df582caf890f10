"""A metric parser for lines that are JSON objects, among other lines that are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from persopt.plugins import LogReader, Metric, MetricParser, ParsedItem, hookimpl

__all__ = ("JsonLines", "JsonLinesOptions", "JsonLinesReader")


class JsonLinesOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Options of the parser."""

    step: Annotated[str, Meta(min_length=1, title="Step", description="Name of the member that counts the steps.")] = (
        "step"
    )
    separator: Annotated[
        str, Meta(min_length=1, title="Separator", description="Put between the names of nested objects.")
    ] = "/"


class JsonLinesReader:
    """Reads one trial's output: each number of an object is a metric, nested ones named `outer/inner`.

    Strings, booleans, lists and null are no metrics. A line that is no JSON object gives nothing. JSON has no
    NaN; the `NaN` and `Infinity` that Python's own encoder writes are read all the same.
    """

    def __init__(self, options: JsonLinesOptions) -> None:
        self._options = options

    def feed(self, line: str) -> Iterable[ParsedItem]:
        """Give the metrics of a line."""
        text = line.strip()
        if not (text.startswith("{") and text.endswith("}")):
            return
        row = _decode(text)
        if not isinstance(row, Mapping):
            return
        counted = row.get(self._options.step, "")
        step = int(counted) if _is_number(counted) and counted == counted // 1 else None
        for name, value in self._flatten(row, ""):
            if name != self._options.step:
                yield Metric(name=name, value=value, step=step)

    def close(self) -> Iterable[ParsedItem]:
        """Give nothing: no line waits for another."""
        return ()

    def _flatten(self, row: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, float]]:
        for name, value in row.items():
            if isinstance(value, Mapping):
                yield from self._flatten(value, f"{prefix}{name}{self._options.separator}")
            elif _is_number(value):
                yield f"{prefix}{name}", float(value)


def _decode(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        pass
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class JsonLines:
    """Objects such as `{"step": 10, "loss": 0.5}`, one a line."""

    name = "json-lines"
    title = {"en": "JSON lines", "fa": "سطرهای JSON"}
    options = JsonLinesOptions

    def open(self, options: JsonLinesOptions) -> LogReader:
        """Return a new reader."""
        return JsonLinesReader(options)


@hookimpl
def persopt_metric_parsers() -> Iterable[MetricParser[JsonLinesOptions]]:
    """Offer the parser."""
    yield JsonLines()
