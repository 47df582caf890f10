from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.tuning.metrics import PredictionCounts

PLACES = st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 3)), min_size=1, max_size=60)


def test_a_table_counted_by_hand() -> None:
    """Class 0: 3 of its 4 found, 1 false alarm. Class 1: 1 of 2, 2 false alarms. Class 2: 1 of 2, none."""
    counts = PredictionCounts(3)
    counts.add(np.array([0, 0, 0, 0]), np.array([0, 0, 0, 1]), loss=2.0)
    counts.add(np.array([[1, 1, -100], [2, 2, -100]]), np.array([[1, 0, 2], [2, 1, 0]]), loss=4.0)

    metrics = counts.compute()

    f1 = [2 * 3 / (4 + 4), 2 * 1 / (2 + 3), 2 * 1 / (2 + 1)]
    assert counts.total == 8
    assert metrics == pytest.approx(
        {
            "loss": 6 / 8,
            "accuracy": 5 / 8,
            "precision": (3 / 4 + 1 / 3 + 1 / 1) / 3,
            "recall": (3 / 4 + 1 / 2 + 1 / 2) / 3,
            "f1": sum(f1) / 3,
            "f1Weighted": (4 * f1[0] + 2 * f1[1] + 2 * f1[2]) / 8,
        }
    )


@given(PLACES.filter(lambda places: any(label >= 0 for label, _ in places)), st.integers(1, 7))
def test_batches_and_ignored_places_do_not_matter(places: list[tuple[int, int]], size: int) -> None:
    counts = PredictionCounts(4, ignored=-1)
    for start in range(0, len(places), size):
        part = np.array(places[start : start + size])
        counts.add(part[:, 0], part[:, 1], loss=0.5)

    metrics = counts.compute()

    expected = count_plainly([place for place in places if place[0] >= 0])
    assert {name: metrics[name] for name in expected} == pytest.approx(expected)


def test_nothing_judged_is_no_score() -> None:
    counts = PredictionCounts(2)
    counts.add(np.array([-100, -100]), np.array([0, 1]), loss=0.0)

    with pytest.raises(ValueError, match="nothing was judged"):
        counts.compute()


def count_plainly(places: list[tuple[int, int]]) -> dict[str, float]:
    """Return the metrics from their definitions."""
    classes = sorted({value for place in places for value in place})
    precision, recall, f1, sizes = [], [], [], []
    for kind in classes:
        hits = sum(label == taken == kind for label, taken in places)
        taken_for = sum(taken == kind for _, taken in places)
        size = sum(label == kind for label, _ in places)
        precision.append(hits / taken_for if taken_for else 0.0)
        recall.append(hits / size if size else 0.0)
        f1.append(2 * hits / (taken_for + size))
        sizes.append(size)
    return {
        "accuracy": sum(label == taken for label, taken in places) / len(places),
        "precision": sum(precision) / len(classes),
        "recall": sum(recall) / len(classes),
        "f1": sum(f1) / len(classes),
        "f1Weighted": sum(value * size for value, size in zip(f1, sizes, strict=True)) / len(places),
    }
