"""Intervals against SciPy's bootstrap, all resamples there are, and known distributions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import sparse, stats

from persopt.measure.bootstrap import bootstrap_sums, draw_counts

Values = np.ndarray[Any, Any]


def _mean(sums: Values) -> dict[str, Values]:
    return {"mean": sums[..., 0] / sums[..., 1]}


def _ratio(sums: Values) -> dict[str, Values]:
    return {"ratio": sums[..., 0] / np.where(sums[..., 1] == 0, np.nan, sums[..., 1])}


def _rows(values: Values) -> Values:
    return np.stack([values, np.ones(len(values))], axis=1)


def test_the_draws_depend_on_the_seed_alone() -> None:
    whole = np.concatenate(list(draw_counts(7, 50, seed=3)))
    parts = np.concatenate(list(draw_counts(7, 50, seed=3, chunk=4)))
    assert (whole == parts).all()
    assert (whole.sum(axis=1) == 7).all()
    assert not (whole == np.concatenate(list(draw_counts(7, 50, seed=4)))).all()


def test_resamples_of_three_rows_are_spread_as_all_27_there_are() -> None:
    values = np.array([1.0, 2.0, 10.0])
    every = np.array([np.mean(drawn) for drawn in product(values, repeat=3)])
    found = bootstrap_sums(_rows(values), _mean, resamples=20_000, seed=1).resampled["mean"]
    for value in np.unique(every):
        share, truth = np.isclose(found, value).mean(), np.isclose(every, value).mean()
        assert share == pytest.approx(truth, abs=4 * (truth / 20_000) ** 0.5)


@pytest.mark.parametrize("draw", [lambda chance: chance.exponential(1, 60), lambda chance: chance.normal(3, 2, 60)])
def test_the_interval_is_the_one_of_scipy(draw: Callable[[np.random.Generator], Values]) -> None:
    values = draw(np.random.default_rng(5))
    found = bootstrap_sums(_rows(values), _mean, resamples=9999, seed=2).estimate("mean", 0.9)
    theirs = stats.bootstrap(
        (values,), np.mean, confidence_level=0.9, n_resamples=9999, method="BCa", rng=np.random.default_rng(6)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(theirs.low, abs=0.05 * width)
    assert found.high == pytest.approx(theirs.high, abs=0.05 * width)


def test_a_difference_in_pairs_is_scipys_of_the_rows_differences() -> None:
    chance = np.random.default_rng(7)
    before = chance.normal(0, 5, 80)
    after = before + chance.normal(0.5, 0.3, 80)
    one, other = (bootstrap_sums(_rows(values), _mean, resamples=4000, seed=3) for values in (before, after))
    found = (other - one).estimate("mean")
    theirs = stats.bootstrap((after - before,), np.mean, method="BCa", rng=np.random.default_rng(8)).confidence_interval
    width = theirs.high - theirs.low
    assert found.low == pytest.approx(theirs.low, abs=0.08 * width)
    assert found.high == pytest.approx(theirs.high, abs=0.08 * width)
    assert found.high - found.low < 0.1 * (other.estimate("mean").high - other.estimate("mean").low)
    assert (other - one).standard_error("mean") == pytest.approx(stats.sem(after - before), rel=0.08)
    assert (other - one).p_value("mean") == pytest.approx(1 / 4001)


def test_equal_models_are_found_different_about_as_often_as_the_level_says() -> None:
    chance, found = np.random.default_rng(9), 0
    for seed in range(120):
        one, other = (bootstrap_sums(_rows(chance.normal(0, 1, 60)), _mean, resamples=400, seed=seed) for _ in range(2))
        found += (other - one).p_value("mean") < 0.1
    assert 3 <= found <= 24  # of 120 at level 0.1; outside of it once in 4000 times


def test_sparse_rows_give_what_dense_ones_give() -> None:
    values = np.random.default_rng(10).integers(0, 2, (40, 5)).astype(float)
    statistic = lambda sums: {"odd": sums[..., 0] / (1 + sums[..., 4])}  # noqa: E731
    dense, thin = (bootstrap_sums(rows, statistic, 200) for rows in (values, sparse.csr_array(values)))
    assert dense.values == thin.values
    assert (dense.resampled["odd"] == thin.resampled["odd"]).all()
    assert (dense.without["odd"] == thin.without["odd"]).all()


def test_resamples_without_a_value_are_left_out_and_equal_ones_give_the_value() -> None:
    rows = np.array([[1.0, 0.0], [1.0, 1.0]])
    found = bootstrap_sums(rows, _ratio, resamples=200).estimate("ratio")
    assert 1 <= found.low <= found.value == 2 <= found.high < 10
    same = bootstrap_sums(_rows(np.full(9, 4.0)), _mean).estimate("mean")
    assert (same.low, same.value, same.high) == (4, 4, 4)
