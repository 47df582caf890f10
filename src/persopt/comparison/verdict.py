"""What comes of a comparison, in sentences that a person can act on; nothing is computed but from the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from persopt.domain.compare_reports import ComparedSlice, MetricChange, ModelPair
from persopt.domain.languages import Language
from persopt.domain.measurements import Estimate
from persopt.domain.objectives import default_direction
from persopt.reporting.locale import Locale, load_locale
from persopt.reporting.numerals import isolate, localize_digits

__all__ = ("PACKAGE", "Judged", "comparison_locale", "name_slice", "state_verdict")

PACKAGE: Final = "persopt.comparison"
_LEAST: Final = 1.02
"""Ratio below which times, and sizes, are called the same: two copies of one model differ by as much, by accident."""

_SHARES: Final = ("accuracy", "f1", "f1Weighted", "precision", "recall", "rouge1", "rouge2", "rougeL")
_SMALLEST_P: Final = 0.001
_TENTHS, _WHOLE = 2, 10  # from here a ratio is written with one digit after the point, and with none
_FEW: Final = 3  # slices that are named


class Judged(Struct, frozen=True, kw_only=True):
    """What the models were judged by.

    Attributes:
        metric: The task's own; None where nothing was judged.
        rows: Number of rows that they answered.
        has_labels: Whether those have labels.
        confidence: One less the chance from which on a difference counts as one.
    """

    metric: str | None
    rows: int
    has_labels: bool
    confidence: float = 0.95


def comparison_locale(language: Language) -> Locale:
    """Return a language with the messages of comparisons."""
    return load_locale(language, PACKAGE)


def state_verdict(
    pair: ModelPair, judged: Judged, slices: Sequence[ComparedSlice], place: int, language: Language
) -> str:
    """Return what comes of one model against the baseline.

    Args:
        pair: The figures.
        judged: By what.
        slices: Parts of the rows.
        place: The model's place among those but the baseline, from 0.
        language: Of the text.
    """
    return _Writer(comparison_locale(language)).write(pair, judged, slices, place)


def name_slice(one: ComparedSlice, locale: Locale) -> str:
    """Return a slice as text: `label = animal`, `length in tokens 3 to 9`.

    Args:
        one: The slice.
        locale: Of comparisons.
    """
    column = locale.text("slice.length") if one.column is None else _isolate(one.column, locale)
    if one.rest:
        return locale.text("slice.rest", column=column)
    if one.low is not None and one.high is not None:
        return locale.text("slice.span", column=column, low=_plain(one.low), high=_plain(one.high))
    if not one.value:
        return locale.text("slice.missing", column=column)
    return locale.text("slice.value", column=column, value=_isolate(one.value, locale))


class _Writer:
    def __init__(self, locale: Locale) -> None:
        self._locale = locale

    def write(self, pair: ModelPair, judged: Judged, slices: Sequence[ComparedSlice], place: int) -> str:
        facts = [self._tell_size(pair.size_ratio)]
        if pair.speedup is not None:
            facts.insert(0, self._tell_speed(pair))
        text = self._locale.text
        joined = text("verdict.and").join(facts)
        change = pair.changes.get(judged.metric or "") if judged.has_labels else None
        sentences = []
        if change is not None and judged.metric is not None:
            quality = self._tell_change(change, judged)
            sentences.append(text("verdict.judged", label=self._label(pair.label), facts=joined, quality=quality))
            sentences += self._tell_need(change, judged)
        else:
            sentences.append(text("verdict.measured", label=self._label(pair.label), facts=joined))
        if judged.rows and not judged.has_labels and pair.agreement is not None:
            sentences.append(text("verdict.agreement", share=self._percent(pair.agreement), rows=judged.rows))
        if not judged.rows:
            sentences.append(text("verdict.no-data"))
        sentences += self._tell_slices(judged, slices, place)
        return " ".join(sentences)

    def _tell_speed(self, pair: ModelPair) -> str:
        speedup = pair.speedup
        assert speedup is not None
        kind = _compare(speedup)
        shown = _invert(speedup) if kind == "slower" else speedup
        told = self._locale.text(
            f"verdict.{kind}", times=self._ratio(shown.value), low=self._ratio(shown.low), high=self._ratio(shown.high)
        )
        values = [one.speedup for one in pair.speedups]
        slowest, fastest = min(values, key=_value), max(values, key=_value)
        if slowest.high >= fastest.low:
            return told
        ends = [next(one for one in pair.speedups if one.speedup is end) for end in (slowest, fastest)]
        return told + self._locale.text(
            "verdict.by-shape",
            low=self._ratio(slowest.value),
            high=self._ratio(fastest.value),
            low_shape=self._shape(ends[0].batch, ends[0].length),
            high_shape=self._shape(ends[1].batch, ends[1].length),
        )

    def _tell_size(self, ratio: float) -> str:
        if max(ratio, 1 / ratio) < _LEAST:
            return self._locale.text("verdict.same-size")
        kind, times = ("smaller", ratio) if ratio > 1 else ("larger", 1 / ratio)
        return self._locale.text(f"verdict.{kind}", times=self._ratio(times))

    def _tell_change(self, change: MetricChange, judged: Judged) -> str:
        metric, value = judged.metric or "", change.change.value
        name = self._metric(metric)
        if value == 0:
            return self._locale.text("verdict.equal", metric=name, chance=self._chance(change.adjusted_p))
        key = "higher" if value > 0 else "lower"
        beyond = "beyond" if _is_told(change, judged) else "within"
        return self._locale.text(
            f"verdict.{key}.{beyond}",
            metric=name,
            amount=self._amount(metric, abs(value)),
            chance=self._chance(change.adjusted_p),
        )

    def _tell_need(self, change: MetricChange, judged: Judged) -> Iterator[str]:
        needed = change.rows_needed
        if needed is None or _is_told(change, judged) or needed <= judged.rows:
            return
        yield self._locale.text("verdict.need", needed=_round(needed), rows=judged.rows)

    def _tell_slices(self, judged: Judged, slices: Sequence[ComparedSlice], place: int) -> Iterator[str]:
        metric = judged.metric or ""
        worse = [one for one in slices if _is_told(one.changes[place], judged) and _is_worse(metric, one, place)]
        if not worse or not judged.has_labels:
            return
        worst = sorted(worse, key=lambda one: -abs(one.changes[place].change.value))[:_FEW]
        named = [
            self._locale.text(
                "verdict.slice",
                slice=name_slice(one, self._locale),
                amount=self._amount(metric, abs(one.changes[place].change.value)),
                chance=self._chance(one.changes[place].adjusted_p),
            )
            for one in worst
        ]
        yield self._locale.text("verdict.worse-slices", number=len(worse), slices=self._locale.enumerate(named))

    def _metric(self, name: str) -> str:
        key = f"metric.{name}"
        return self._locale.text(key) if self._locale.has(key) else self._label(name)

    def _amount(self, metric: str, value: float) -> str:
        """Return a difference: of shares of one in points of a hundred, of all else as it is."""
        if metric not in _SHARES:
            return self._digits(f"{value:.3g}") if value < _WHOLE else self._digits(f"{value:.1f}")
        points = value * 100
        return self._locale.text("verdict.points", number=self._digits(f"{points:.1f}" if points >= 0.1 else "< 0.1"))  # noqa: PLR2004

    def _ratio(self, value: float) -> str:
        return self._digits(f"{value:.{2 if value < _TENTHS else 1 if value < _WHOLE else 0}f}")

    def _percent(self, share: float) -> str:
        if share < 1:  # what is not all is not told as all
            share = min(share, 0.999)
        return self._locale.percent(share)

    def _chance(self, value: float) -> str:
        if value < _SMALLEST_P:
            shown = f"p < {_SMALLEST_P}"
        else:
            shown = f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"  # noqa: PLR2004 - two digits that tell
        return self._isolated(self._digits(shown)).replace(" ", "\u00a0" if self._locale.language == "fa" else " ")

    def _shape(self, batch: int, length: int) -> str:
        return self._isolated(self._digits(f"{batch}×{length}"))

    def _digits(self, text: str) -> str:
        return localize_digits(text.replace(".", "٫"), "fa") if self._locale.language == "fa" else text

    def _label(self, text: str) -> str:
        return _isolate(text, self._locale)

    def _isolated(self, text: str) -> str:
        return isolate(text) if self._locale.language == "fa" else text


def _isolate(text: str, locale: Locale) -> str:
    """Return a user's text, which keeps its own direction inside one from right to left."""
    return f"\u2068{text}\u2069" if locale.language == "fa" else text


def _value(estimate: Estimate) -> float:
    return estimate.value


def _compare(speedup: Estimate) -> str:
    """Return `faster` or `slower` where the interval says so and it is worth a word, else `same-speed`."""
    if speedup.low > 1 and speedup.value >= _LEAST:
        return "faster"
    return "slower" if speedup.high < 1 and speedup.value <= 1 / _LEAST else "same-speed"


def _invert(estimate: Estimate) -> Estimate:
    return Estimate(
        value=1 / estimate.value, low=1 / estimate.high, high=1 / estimate.low, confidence=estimate.confidence
    )


def _is_told(change: MetricChange, judged: Judged) -> bool:
    return change.adjusted_p < 1 - judged.confidence + 1e-12


def _is_worse(metric: str, one: ComparedSlice, place: int) -> bool:
    value = one.changes[place].change.value
    return value < 0 if default_direction(metric) == "maximize" else value > 0


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _round(rows: int) -> int:
    """Return a number of rows by its first two digits, upwards: more is not known of it."""
    step: int = 10 ** max(0, len(str(rows)) - 2)
    return -(-rows // step) * step
