"""The choice and the front, against going through all candidates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from persopt.compression.points import bound_points, count_points
from persopt.compression.select import DROP_LIMIT, choose, front_of, list_constraints, mark
from persopt.domain.compress_reports import CandidateReport, CandidateState
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.measurements import Estimate
from persopt.domain.recipes import Recipe

VALUES = st.integers(0, 6).map(float)
STATES: st.SearchStrategy[CandidateState] = st.sampled_from(("judged", "judged", "judged", "passed-over", "failed"))
ORIGINAL = 5.0


@st.composite
def _candidates(draw: st.DrawFn) -> list[CandidateReport]:
    return [
        CandidateReport(
            number=number,
            recipe=Recipe(),
            summary="",
            state=draw(STATES),
            metrics={"drop": draw(VALUES), DROP_LIMIT: draw(VALUES), "latency": draw(VALUES), "size": draw(VALUES)},
        )
        for number in range(draw(st.integers(0, 8)))
    ]


SPECS = st.builds(
    CompressSpec,
    max_accuracy_drop=VALUES,
    minimize=st.sampled_from(("latency", "size")),
    max_size=st.none() | st.integers(1, 6).map(float),
    max_latency=st.none() | st.integers(1, 6).map(float),
)


def _within(one: CandidateReport, spec: CompressSpec) -> bool:
    size, latency = spec.max_size, spec.max_latency
    return (
        one.metrics[DROP_LIMIT] <= spec.max_accuracy_drop
        and (not isinstance(size, float) or one.metrics["size"] <= size)
        and (not isinstance(latency, float) or one.metrics["latency"] <= latency)
        and one.metrics[spec.minimize] < ORIGINAL
    )


@given(_candidates(), SPECS)
def test_the_chosen_one_is_the_best_of_those_within_the_limits(
    found: list[CandidateReport], spec: CompressSpec
) -> None:
    judged = [one for one in found if one.state == "judged"]
    chosen = choose(found, spec, list_constraints(spec, ORIGINAL))
    allowed = [one for one in judged if _within(one, spec)]
    if allowed:
        expected = min(allowed, key=lambda one: (one.metrics[spec.minimize], one.metrics["drop"], one.number))
        assert chosen == expected
    else:
        assert (chosen is None) == (not judged)
        assert chosen is None or chosen in judged
    marked = mark(found, spec, list_constraints(spec, ORIGINAL))
    assert [one.within for one in marked] == [one in allowed for one in found]


@given(_candidates(), SPECS)
def test_the_front_is_what_nobody_beats(found: list[CandidateReport], spec: CompressSpec) -> None:
    judged = [one for one in found if one.state == "judged"]
    points = {one.number: (one.metrics[spec.minimize], one.metrics["drop"]) for one in judged}
    expected = [
        number
        for number, (value, drop) in points.items()
        if not any(a <= value and b <= drop and (a, b) != (value, drop) for a, b in points.values())
    ]
    assert front_of(found, spec) == expected


def test_of_none_within_the_nearest_is_chosen() -> None:
    spec = CompressSpec(max_accuracy_drop=1.0, max_size=100.0)
    sizes_and_drops = [(150.0, 1.0), (100.0, 1.2), (90.0, 3.0)]
    found = [
        CandidateReport(
            number=number,
            recipe=Recipe(),
            summary="",
            state="judged",
            metrics={"drop": drop, DROP_LIMIT: drop, "latency": 1.0, "size": size},
        )
        for number, (size, drop) in enumerate(sizes_and_drops)
    ]
    chosen = choose(found, spec, list_constraints(spec, ORIGINAL))
    assert chosen is not None
    assert chosen.number == 1  # a fifth beyond one limit; the others are half and twice as much beyond


@pytest.mark.parametrize(
    ("metric", "before", "change", "expected"),
    [
        ("accuracy", 0.9, (-0.02, -0.03, -0.01), (2, 1, 3)),
        ("bleu", 30.0, (-2.0, -3.0, 1.0), (2, -1, 3)),
        ("perplexity", 20.0, (1.0, 0.5, 2.0), (5, 2.5, 10)),
    ],
)
def test_points(metric: str, before: float, change: tuple[float, ...], expected: tuple[float, ...]) -> None:
    value, low, high = change
    found = count_points(metric, before, Estimate(value=value, low=low, high=high))
    assert (found.value, found.low, found.high) == pytest.approx(expected)


@given(st.floats(-5, 5), st.floats(0, 3), st.floats(0.5, 0.99))
def test_the_bound_is_that_of_a_normal_distribution(value: float, error: float, confidence: float) -> None:
    spread = 1.959963984540054 * error
    drop = Estimate(value=value, low=value - spread, high=value + spread, confidence=0.95)
    expected = norm.ppf(confidence, loc=value, scale=error) if error else value
    assert bound_points(drop, confidence) == pytest.approx(expected, abs=1e-9)
