"""A metric parser for `name=value` and `name: value` anywhere in a line, as most programs print them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Annotated, Final

from msgspec import Meta, Struct

from persopt.plugins import LogReader, Metric, MetricParser, ParsedItem, hookimpl
from persopt.tuning.error_lines import ErrorFinder, memory_fault, tells_of_memory

__all__ = ("PlainMetrics", "PlainMetricsOptions", "PlainReader")

# Possessive (`*+`) and atomic (`(?>...)`): a line of a hundred thousand digits takes no longer than it is long.
_NUMBER: Final = r"(?>[+-]?(?:(?:\d[\d_]*+(?:\.\d*+)?+|\.\d++)(?:e[+-]?\d++)?+|nan|inf(?:inity)?+))"
_PAIR: Final = re.compile(
    rf"""(?<![\w./\\-])["']?(?P<name>[a-z_][\w./@-]*+(?:\ [a-z_][\w./@-]*+)?)["']?
    \s*+[=:]\s*+["']?(?P<value>{_NUMBER})
    (?:/(?P<whole>\d{{1,15}}+)(?=\s*+\(\s*+\d[\d.]*+\s*+%)|(?P<percent>\s*+%)?)(?!\.*+[\w:/\\-])""",
    re.IGNORECASE | re.VERBOSE,
)
_STEP_NAMES: Final = ("step", "global_step", "iteration", "iter", "epoch")
_COUNT: Final = re.compile(
    r"(?<!\w)(?P<name>epoch|step|iteration|iter)\s*+[:=#]?\s*+[\[(]?(?P<value>\d{1,9}+)\s*+/\s*+\d", re.I
)


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

    A number may have a sign, an exponent or a percent sign (`87.5 %` is 0.875), or be nan or inf; `98/100 (98%)` is
    0.98. The step of a line is what the line itself says (`step`, `iteration`, `epoch`, in this order of preference,
    also as `Step [10/600]`).
    """

    def __init__(self, options: PlainMetricsOptions) -> None:
        self._options = options
        self._errors = ErrorFinder()

    def feed(self, line: str) -> Iterable[ParsedItem]:
        """Give the metrics of a line, or the fault that it completes."""
        if self._options.faults:
            inside, fault = self._errors.feed(line)
            if fault is not None:
                yield fault
            if inside:
                return
        pairs = _PAIR.finditer(line) if "=" in line or ":" in line else ()
        found = [(match["name"], _to_number(match)) for match in pairs]
        if not found and self._options.faults and tells_of_memory(line):
            yield memory_fault(line)
            return
        if self._options.lower_case:
            found = [(name.lower(), value) for name, value in found]
        step = _find_step(found, line)
        for name, value in found:
            yield Metric(name=name, value=value, step=step)

    def close(self) -> Iterable[ParsedItem]:
        """Give the fault of a traceback that the output broke off in."""
        fault = self._errors.close()
        if fault is not None:
            yield fault


def _to_number(match: re.Match[str]) -> float:
    value = float(match["value"].replace("_", ""))
    if match["whole"]:
        return value / float(match["whole"]) if float(match["whole"]) else math.nan
    return value / 100 if match["percent"] else value


def _find_step(found: list[tuple[str, float]], line: str) -> int | None:
    by_name = {match["name"].lower(): float(match["value"]) for match in _COUNT.finditer(line)} if found else {}
    by_name |= {name.lower().rpartition(" ")[2]: value for name, value in reversed(found)}
    for name in _STEP_NAMES:
        value = by_name.get(name)
        if value is not None and value == value // 1 and value >= 0:
            return int(value)
    return None


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
