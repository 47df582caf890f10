"""What is said of figures, in both languages."""

from __future__ import annotations

import string
from typing import Any

import msgspec
import pytest

from persopt.comparison.verdict import PACKAGE, Judged, state_verdict
from persopt.domain.compare_reports import ComparedSlice, MetricChange, ModelPair, ShapeSpeedup
from persopt.domain.measurements import Estimate
from persopt.reporting.locale import read_messages

JUDGED = Judged(metric="accuracy", rows=1200, has_labels=True)


def _estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high)


def _change(value: float, p: float, needed: int | None = None) -> MetricChange:
    reach = abs(value) * 2
    return MetricChange(
        change=_estimate(value, value - reach, value + reach),
        test="mcnemar",
        p_value=p,
        adjusted_p=p,
        rows_needed=needed,
    )


def _pair(value: float = -0.004, p: float = 0.41, needed: int | None = 18_437, **fields: Any) -> ModelPair:
    given: dict[str, Any] = {
        "label": "B",
        "size_ratio": 4.01,
        "speedup": _estimate(3.1, 2.9, 3.3),
        "speedups": [ShapeSpeedup(batch=1, length=32, speedup=_estimate(3.1, 2.9, 3.3))],
        "changes": {"accuracy": _change(value, p, needed)},
        "agreement": 0.973,
    } | fields
    return ModelPair(**given)


def _say(pair: ModelPair, judged: Judged = JUDGED, slices: Any = (), language: Any = "en") -> str:
    return state_verdict(pair, judged, slices, 0, language)


def test_a_difference_within_chance_is_told_as_such_and_how_many_rows_would_tell() -> None:
    assert _say(_pair()) == (
        "B is 3.1× faster (2.9–3.3) and 4.0× smaller; its accuracy is lower by 0.4 points, within chance (p = 0.41). "
        "To tell a difference of that size from none, about 19,000 rows would be needed; there are 1,200."
    )


def test_the_same_is_said_in_persian_with_its_digits() -> None:
    said = _say(_pair(), language="fa")
    plain = "".join(letter for letter in said if letter not in "\u2066\u2068\u2069")
    assert plain == (
        "B ۳٫۱ برابر سریع‌تر (۲٫۹ تا ۳٫۳) و ۴٫۰ برابر کوچک‌تر است؛ صحت آن ۰٫۴ واحد درصد کمتر است که می‌تواند تصادفی باشد "
        "(p\u00a0=\u00a0۰٫۴۱). برای تشخیص تفاوتی به این اندازه حدود ۱۹٬۰۰۰ سطر لازم است؛ اکنون ۱٬۲۰۰ سطر هست."
    )
    assert "\u2068B\u2069" in said
    assert "\u2066p\u00a0=\u00a0۰٫۴۱\u2069" in said


@pytest.mark.parametrize(
    ("value", "p", "said"),
    [
        (-0.021, 0.0004, "its accuracy is lower by 2.1 points, beyond chance (p < 0.001)"),
        (0.021, 0.012, "its accuracy is higher by 2.1 points, beyond chance (p = 0.012)"),
        (0.0004, 0.9, "its accuracy is higher by < 0.1 points, within chance (p = 0.90)"),
        (0.0, 1.0, "its accuracy is the same (p = 1.00)"),
    ],
)
def test_changes_are_told_by_size_direction_and_chance(value: float, p: float, said: str) -> None:
    assert said in _say(_pair(value, p, None))


def test_what_is_told_needs_no_more_rows() -> None:
    assert "would be needed" not in _say(_pair(-0.02, 0.001, 3000))
    assert "would be needed" not in _say(_pair(-0.004, 0.41, 900))


def test_a_level_is_that_of_the_confidence() -> None:
    strict = msgspec.structs.replace(JUDGED, confidence=0.99)
    assert "within chance" in _say(_pair(-0.02, 0.03), strict)
    assert "beyond chance" in _say(_pair(-0.02, 0.03))


def test_metrics_that_are_no_shares_are_told_as_they_are() -> None:
    changes = {"perplexity": _change(-0.3141, 0.001)}
    said = _say(_pair(changes=changes), msgspec.structs.replace(JUDGED, metric="perplexity"))
    assert "its perplexity is lower by 0.314, beyond chance" in said


@pytest.mark.parametrize(
    ("speedup", "said"),
    [
        (_estimate(0.5, 0.45, 0.55), "2.0× slower (1.82–2.2)"),
        (_estimate(1.2, 0.9, 1.5), "as fast as the baseline (1.20×, 0.90–1.50)"),
        (_estimate(1.01, 1.005, 1.015), "as fast as the baseline (1.01×, 1.00–1.01)"),
        (_estimate(12.4, 11.6, 13.5), "12× faster (12–14)"),
    ],
)
def test_speeds_are_told_by_their_interval(speedup: Estimate, said: str) -> None:
    assert said in _say(_pair(speedup=speedup, speedups=[ShapeSpeedup(batch=1, length=8, speedup=speedup)]))


def test_shapes_that_differ_beyond_their_intervals_are_told() -> None:
    shapes = [
        ShapeSpeedup(batch=1, length=32, speedup=_estimate(1.9, 1.8, 2.0)),
        ShapeSpeedup(batch=16, length=128, speedup=_estimate(4.2, 4.0, 4.4)),
    ]
    said = _say(_pair(speedups=shapes))
    assert "between 1.90× the baseline's speed at 1×32 (rows by tokens) and 4.2× at 16×128" in said


@pytest.mark.parametrize(("ratio", "said"), [(1.01, "as large"), (0.5, "2.0× larger"), (1.25, "1.25× smaller")])
def test_sizes_are_told(ratio: float, said: str) -> None:
    assert said in _say(_pair(size_ratio=ratio))


def test_without_labels_only_the_agreement_is_told() -> None:
    said = _say(_pair(changes={}), Judged(metric=None, rows=500, has_labels=False))
    assert said == (
        "B is 3.1× faster (2.9–3.3) and 4.0× smaller. Both answer 97.3% of the 500 rows alike; which of them is right "
        "cannot be told without labels."
    )
    almost = _say(_pair(changes={}, agreement=0.99999), Judged(metric=None, rows=500, has_labels=False))
    assert "99.9%" in almost


def test_without_data_the_quality_is_said_not_to_have_been_looked_at() -> None:
    said = _say(_pair(changes={}, agreement=None, speedup=None), Judged(metric=None, rows=0, has_labels=False))
    assert said == "B is 4.0× smaller. How well it does its task was not looked at: no data set was given."


def test_slices_where_it_is_worse_beyond_chance_are_named() -> None:
    common: dict[str, Any] = {"rows": 100, "quality": []}
    slices = [
        ComparedSlice(column="kind", value="animal", changes=[_change(-0.08, 0.004)], **common),
        ComparedSlice(column="kind", value="colour", changes=[_change(-0.3, 0.2)], **common),
        ComparedSlice(column=None, low=3, high=9, changes=[_change(-0.1, 0.01)], **common),
        ComparedSlice(column=None, low=10, high=12, changes=[_change(0.1, 0.01)], **common),
    ]
    said = _say(_pair(), slices=slices)
    assert "worse beyond chance on 2 of the slices: length in tokens 3 to 9 (by 10.0 points" in said
    assert "kind = animal (by 8.0 points, p = 0.004)" in said
    assert "colour" not in said


def test_both_languages_say_the_same_with_the_same_values() -> None:
    messages = [read_messages(PACKAGE, language) for language in ("en", "fa")]
    assert messages[0].keys() == messages[1].keys()
    for key, text in messages[0].items():
        fields = [
            {field for _, field, _, _ in string.Formatter().parse(one) if field} for one in (text, messages[1][key])
        ]
        assert fields[0] == fields[1], key
