"""The exact threshold, held against a sort of all scores."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.pruning.threshold import CHUNK, Cut, find_cut, iterate_keys, split_count

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.lists(FLOATS, min_size=1, max_size=40), st.data())
@settings(max_examples=60)
def test_keys_order_like_the_scores(values: list[float], data: st.DataObject) -> None:
    scores = torch.tensor(values, dtype=torch.float32)
    (keys,) = iterate_keys(scores, torch.ones_like(scores))
    for _ in range(5):
        i, j = (data.draw(st.integers(0, len(values) - 1)) for _ in range(2))
        assert bool(keys[i] < keys[j]) is bool(scores[i] < scores[j])
        assert bool(keys[i] == keys[j]) is bool(scores[i] == scores[j])


@given(st.lists(st.lists(FLOATS, min_size=1, max_size=20), min_size=1, max_size=4), st.data())
@settings(max_examples=60)
def test_the_cut_is_where_a_sort_of_everything_says(parts: list[list[float]], data: st.DataObject) -> None:
    tensors = [torch.tensor(part, dtype=torch.float32) for part in parts]
    everything = torch.cat(tensors)
    count = data.draw(st.integers(1, everything.numel()))
    cut = find_cut(lambda: (keys for one in tensors for keys in iterate_keys(one, torch.ones_like(one))), count)
    (all_keys,) = iterate_keys(everything, torch.ones_like(everything))
    ordered = all_keys.sort().values
    assert cut.key == int(ordered[count - 1])
    assert cut.ties == count - int((all_keys < cut.key).sum())


def test_nothing_is_below_the_cut_for_none() -> None:
    scores = torch.tensor([0.0, -1.0])
    (keys,) = iterate_keys(scores, torch.ones(2))
    cut = find_cut(lambda: [keys], 0)
    assert cut.ties == 0
    assert int((keys < cut.key).sum()) == 0


def test_more_weights_than_a_chunk_are_cut_as_exactly() -> None:
    scores = torch.randn(CHUNK + 1000, generator=torch.Generator().manual_seed(1)).half()  # half: many ties
    weights = torch.ones_like(scores)
    count = scores.numel() // 3
    cut = find_cut(lambda: iterate_keys(scores, weights), count)
    keys = torch.cat(list(iterate_keys(scores, weights)))
    assert cut == Cut(int(keys.sort().values[count - 1]), count - int((keys < cut.key).sum()))


def test_a_weight_that_is_zero_comes_before_every_score() -> None:
    scores, weights = torch.tensor([-3e38, 5.0, 1.0]), torch.tensor([1.0, -0.0, 1.0])
    (keys,) = iterate_keys(scores, weights)
    assert keys.argsort().tolist() == [1, 0, 2]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_score_that_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        list(iterate_keys(torch.tensor([1.0, bad]), torch.ones(2)))


@given(st.floats(0, 0.999), st.lists(st.integers(0, 1000), min_size=1, max_size=10))
@settings(max_examples=60)
def test_counts_are_met_to_within_one_in_each_group_and_in_all(sparsity: float, sizes: list[int]) -> None:
    counts = split_count(sparsity, sizes)
    exact = Fraction(sparsity)
    assert all(0 <= count <= size for count, size in zip(counts, sizes, strict=True))
    assert all(abs(count - exact * size) <= 1 + Fraction(1, 10**6) for count, size in zip(counts, sizes, strict=True))
    assert abs(sum(counts) - exact * sum(sizes)) <= Fraction(1, 2) + Fraction(1, 10**6)
