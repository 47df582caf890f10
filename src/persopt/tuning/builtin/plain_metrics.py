"""A metric parser for `name=value` and `name: value` anywhere in a line, as most programs print them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Final

from msgspec import Meta, Struct

from persopt.domain.errors import Fault
from persopt.plugins import LogReader, Metric, MetricParser, ParsedItem, hookimpl

__all__ = ("PlainMetrics", "PlainMetricsOptions", "PlainReader")

# Possessive (`*+`) and atomic (`(?>...)`): a line of a hundred thousand digits takes no longer than it is long.
_NUMBER: Final = r"(?>[+-]?(?:(?:\d[\d_]*+(?:\.\d*+)?+|\.\d++)(?:e[+-]?\d++)?+|nan|inf(?:inity)?+))"
_PAIR: Final = re.compile(
    rf"""(?<![\w./\\-])["']?(?P<name>[a-z_][\w./@-]*+(?:\ [a-z_][\w./@-]*+)?)["']?
    \s*+[=:]\s*+["']?(?P<value>{_NUMBER})(?P<percent>\s*+%)?(?!\.*+[\w:/\\-])""",
    re.IGNORECASE | re.VERBOSE,
)
_STEP_NAMES: Final = ("step", "global_step", "iteration", "iter", "epoch")
_TRACEBACK: Final = "Traceback (most recent call last):"
_ERROR_LINE: Final = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit)\w*(?:: .*)?$")
_OUT_OF_MEMORY: Final = re.compile(r"out of memory|OutOfMemoryError|Cannot allocate memory|MemoryError", re.IGNORECASE)


class PlainMetricsOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Options of the parser."""

    lower_case: Annotated[
        bool, Meta(title="Lower case", description="Give names in lower case, so that Loss and loss are one metric.")
    ] = True
    faults: Annotated[
        bool, Meta(title="Faults", description="Also tell of Python tracebacks and of memory that ran out.")
    ] = True


class PlainReader:
    """Reads one trial's output.

    A number may have a sign, an exponent or a percent sign (`87.5 %` is 0.875), or be nan or inf. The step of a
    line is what the line itself says (`step`, `iteration`, `epoch`, in this order of preference).
    """

    def __init__(self, options: PlainMetricsOptions) -> None:
        self._options = options
        self._in_traceback = False

    def feed(self, line: str) -> Iterable[ParsedItem]:
        """Give the metrics of a line, or the fault that it completes."""
        if self._options.faults and (self._in_traceback or line.startswith(_TRACEBACK)):
            yield from self._feed_traceback(line)
            return
        found = [(match["name"], _to_number(match)) for match in _PAIR.finditer(line)]
        if not found and self._options.faults and _OUT_OF_MEMORY.search(line):
            yield _memory_fault(line)
            return
        if self._options.lower_case:
            found = [(name.lower(), value) for name, value in found]
        step = _find_step(found)
        for name, value in found:
            yield Metric(name=name, value=value, step=step)

    def close(self) -> Iterable[ParsedItem]:
        """Give the fault of a traceback that the output broke off in."""
        if self._in_traceback:
            self._in_traceback = False
            yield Fault(message="the output ended inside a Python traceback", code="exception")

    def _feed_traceback(self, line: str) -> Iterable[ParsedItem]:
        self._in_traceback = True
        match = _ERROR_LINE.match(line)
        if match is not None:
            self._in_traceback = False
            yield _memory_fault(line) if _OUT_OF_MEMORY.search(line) else Fault(message=line.strip(), code="exception")
        elif line and not line.startswith((" ", "\t", _TRACEBACK, "Exception Group Traceback")):
            # An exception whose name says nothing of an error, or the end of a traceback that was only shown.
            self._in_traceback = False
            yield Fault(message=line.strip(), code="exception")


def _to_number(match: re.Match[str]) -> float:
    value = float(match["value"].replace("_", ""))
    return value / 100 if match["percent"] else value


def _find_step(found: list[tuple[str, float]]) -> int | None:
    by_name = {name.lower(): value for name, value in reversed(found)}
    for name in _STEP_NAMES:
        value = by_name.get(name)
        if value is not None and value == value // 1 and value >= 0:
            return int(value)
    return None


def _memory_fault(line: str) -> Fault:
    return Fault(
        message=line.strip(),
        code="out-of-memory",
        hint="a smaller batch size or a shorter maximum length needs less memory",
    )


class PlainMetrics:
    """`name=value` and `name: value`, in any case."""

    name = "plain"
    title = {"en": "name=value lines", "fa": "سطرهای نام=مقدار"}
    options = PlainMetricsOptions

    def open(self, options: PlainMetricsOptions) -> LogReader:
        """Return a new reader."""
        return PlainReader(options)


@hookimpl
def persopt_metric_parsers() -> Iterable[MetricParser[PlainMetricsOptions]]:
    """Offer the parser."""
    yield PlainMetrics()
