"""Paired differences against SciPy, scikit-learn and a bootstrap by hand; two copies of one model."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from persopt.comparison.judging import agree, compare_parts, compare_scores
from persopt.comparison.slicing import Part
from persopt.evaluation.scores import RowScores
from persopt.evaluation.tallies.classification import ClassTally
from persopt.measure.bootstrap import draw_counts
from tests.support.comparisons import make_scores

ROWS = 90


def _answer(chance: Any, labels: Any, accuracy: float) -> Any:
    wrong = (labels + chance.integers(1, 3, len(labels))) % 3
    return np.where(chance.random(len(labels)) < accuracy, labels, wrong)


def _holm_by_hand(values: list[float]) -> list[float]:
    """Return for each the least level at which Holm's procedure, run step by step, rejects it."""

    def rejects(level: float) -> set[int]:
        found: set[int] = set()
        for step, place in enumerate(sorted(range(len(values)), key=lambda place: values[place])):
            if values[place] > level / (len(values) - step):
                break
            found.add(place)
        return found

    levels = sorted({min(1.0, value * factor) for value in values for factor in range(1, len(values) + 1)} | {1.0})
    return [next((one for one in levels if place in rejects(one + 1e-12)), 1.0) for place in range(len(values))]


def test_accuracy_is_tested_by_mcnemar_and_corrected_by_holm() -> None:
    chance = np.random.default_rng(0)
    labels = chance.integers(0, 3, ROWS)
    answers = [_answer(chance, labels, accuracy) for accuracy in (0.9, 0.7, 0.85, 0.6)]
    found = compare_scores([make_scores(labels, one) for one in answers], 0.95)
    right = [one == labels for one in answers]
    chances = []
    for other in right[1:]:
        lost, won = int((right[0] & ~other).sum()), int((other & ~right[0]).sum())
        chances.append(float(binomtest(lost, lost + won, 0.5).pvalue))
    assert [one["accuracy"].p_value for one in found] == pytest.approx(chances)
    assert [one["accuracy"].adjusted_p for one in found] == pytest.approx(_holm_by_hand(chances))
    assert {one["accuracy"].test for one in found} == {"mcnemar"}
    assert {change.test for one in found for name, change in one.items() if name != "accuracy"} == {"bootstrap"}
    for change, other in zip(found, right[1:], strict=True):
        assert change["accuracy"].change.value == pytest.approx(other.mean() - right[0].mean())


def test_other_metrics_are_tested_by_a_paired_bootstrap_of_the_rows_themselves() -> None:
    chance = np.random.default_rng(1)
    labels = chance.integers(0, 3, ROWS)
    one, other = _answer(chance, labels, 0.8), _answer(chance, labels, 0.7)
    (found,) = compare_scores([make_scores(labels, one), make_scores(labels, other)], 0.95)

    def score(rows: Any) -> float:
        pair = [f1_score(labels[rows], answers[rows], average="macro", zero_division=0) for answers in (other, one)]
        return float(pair[0] - pair[1])

    seen = score(np.arange(ROWS))
    (counts,) = draw_counts(ROWS, 300, 1)
    resampled = np.array([score(np.repeat(np.arange(ROWS), drawn.astype(int))) for drawn in counts])
    as_far = int((np.abs(resampled - seen) >= abs(seen)).sum())
    assert found["f1"].change.value == pytest.approx(seen)
    assert found["f1"].p_value == pytest.approx((as_far + 1) / 301)
    plain = np.quantile(resampled, (0.025, 0.975))
    assert [found["f1"].change.low, found["f1"].change.high] == pytest.approx(list(plain), abs=0.03)  # BCa moves them


def test_two_copies_of_one_model_are_called_equal() -> None:
    """They err independently with the same chance, which is harder than to be the same model.

    The exact test calls 3.9 % of such pairs different (20,000 of them, outside of this test), so 100 would be too few
    to tell.
    """
    chance, equal = np.random.default_rng(0), 0
    for _ in range(400):
        labels = chance.integers(0, 3, 200)
        scores = [make_scores(labels, _answer(chance, labels, 0.8), resamples=20) for _ in range(2)]
        (found,) = compare_scores(scores, 0.95)
        equal += found["accuracy"].adjusted_p >= 0.05
    assert equal >= 0.95 * 400


def test_one_of_several_copies_is_hardly_ever_called_another_after_correction() -> None:
    equal = 0
    for repetition in range(100):
        chance = np.random.default_rng(1000 + repetition)
        labels = chance.integers(0, 3, 150)
        scores = [make_scores(labels, _answer(chance, labels, 0.8), resamples=20) for _ in range(5)]
        equal += all(one["accuracy"].adjusted_p >= 0.05 for one in compare_scores(scores, 0.95))
    assert equal >= 95


def test_agreement_and_who_is_right_are_counted() -> None:
    labels = [0, 0, 0, 1, 1, 2]
    one, other = make_scores(labels, [0, 0, 1, 1, 2, 0]), make_scores(labels, [0, 1, 0, 1, 2, 1])
    found = agree(one, other, has_labels=True)
    assert found.share == pytest.approx(3 / 6)
    assert found.discordance is not None
    counts = found.discordance
    assert (counts.both, counts.only_baseline, counts.only_model, counts.neither) == (2, 1, 1, 2)
    assert agree(one, other, has_labels=False).discordance is None


def test_a_part_in_which_nothing_is_judged_is_left_out() -> None:
    scores = []
    for answers in ([[0, 1], [2, 0]], [[0, 2], [1, 1]]):
        tally = ClassTally(3)
        labels = torch.tensor([[0, 1], [-100, -100]])
        tally.add(torch.nn.functional.one_hot(torch.tensor(answers), 3).float(), {"labels": labels}, None)
        scores.append(RowScores("token-classification", tally, tally.compute(), resamples=50))
    parts = [Part(column="c", value=str(place), places=[place]) for place in range(2)]
    assert [one.value for one in compare_parts(scores, parts, 0.95)] == ["0"]


def test_parts_of_the_rows_are_judged_by_themselves_and_corrected_together() -> None:
    chance = np.random.default_rng(5)
    labels = chance.integers(0, 3, ROWS)
    answers = [_answer(chance, labels, accuracy) for accuracy in (0.95, 0.5, 0.8)]
    halves = [list(range(0, ROWS, 2)), list(range(1, ROWS, 2))]
    parts = [Part(column="half", value=str(number), places=places) for number, places in enumerate(halves)]
    found = compare_parts([make_scores(labels, one) for one in answers], parts, 0.95)
    raw, corrected = [], []
    for (part, places), (place, other) in itertools.product(zip(found, halves, strict=True), enumerate(answers[1:], 1)):
        rows = np.array(places)
        assert part.rows == len(places)
        assert part.quality[place].value == pytest.approx((other[rows] == labels[rows]).mean())
        alone = compare_scores([make_scores(labels[rows], one[rows]) for one in (answers[0], other)], 0.95)
        assert part.changes[place - 1].p_value == pytest.approx(alone[0]["accuracy"].p_value)
        raw.append(part.changes[place - 1].p_value)
        corrected.append(part.changes[place - 1].adjusted_p)
    assert corrected == pytest.approx(_holm_by_hand(raw))
