"""How figures of a comparison are written: intervals, chances, shapes, names."""

from __future__ import annotations

from typing import Final

from persopt.comparison.verdict import PACKAGE as VERDICTS
from persopt.domain.compare_reports import MetricChange
from persopt.domain.languages import Language
from persopt.domain.measurements import Estimate
from persopt.domain.objectives import default_direction
from persopt.reporting.locale import Locale, load_locale
from persopt.reporting.numerals import isolate
from persopt.reporting.tables import Cell

__all__ = (
    "NOTHING",
    "PACKAGE",
    "estimate_cell",
    "isolate_name",
    "judge_change",
    "name_metric",
    "name_shape",
    "reports_locale",
    "say_chance",
    "say_interval",
    "tell_number",
)

PACKAGE: Final = "persopt.comparison.reports"
NOTHING: Final = Cell("–", kind="number")
"""In the place of a figure that there is not."""


def reports_locale(language: Language) -> Locale:
    """Return a language with the messages of these reports and of verdicts."""
    return load_locale(language, VERDICTS, PACKAGE)


def tell_number(value: float | None, locale: Locale, note: str = "") -> Cell:
    """Return a number's cell."""
    return NOTHING if value is None else Cell(locale.number(value), note, "number")


def estimate_cell(estimate: Estimate | None, locale: Locale, *, signed: bool = False) -> Cell:
    """Return a cell of a value, its interval below it."""
    if estimate is None:
        return NOTHING
    return Cell(locale.number(estimate.value, signed=signed), say_interval(estimate, locale, signed=signed), "number")


def say_interval(estimate: Estimate, locale: Locale, *, signed: bool = False) -> str:
    """Return `0.9 to 0.92`."""
    low, high = (locale.number(value, signed=signed) for value in (estimate.low, estimate.high))
    return locale.text("compare.interval", low=low, high=high)


def say_chance(p_value: float, locale: Locale) -> str:
    """Return in words how often chance alone does as much: `1 in 83`."""
    if p_value <= 0:
        return ""
    return locale.text("compare.chance", number=max(1, round(1 / p_value)))


def judge_change(change: MetricChange, metric: str, confidence: float, locale: Locale) -> str:
    """Return what a change comes to: better or worse, beyond what chance does or not."""
    value = change.change.value
    if value == 0:
        return locale.text("compare.judged.equal")
    rises = default_direction(metric) == "maximize"
    kind = "better" if (value > 0) is rises else "worse"
    beyond = change.adjusted_p < 1 - confidence
    return locale.text(f"compare.judged.{kind}.{'beyond' if beyond else 'within'}")


def isolate_name(name: str) -> str:
    """Return what a user called something so that it keeps its own direction inside a sentence of any."""
    return f"\u2068{name}\u2069"


def name_metric(metric: str, locale: Locale) -> str:
    """Return what people of the language call a metric; its own name where they have none."""
    return locale.text(f"metric.{metric}") if locale.has(f"metric.{metric}") else metric


def name_shape(batch: int, length: int, locale: Locale) -> str:
    """Return `16 × 128`: rows by tokens."""
    text = f"{locale.number(batch)} × {locale.number(length)}"
    return isolate(text) if locale.direction == "rtl" else text
