"""Masks have exactly the zeros asked for, of the least important weights."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from persopt.pruning.masks import mask_global, mask_lowest, mask_pattern, mask_rows

TYPES = (torch.float32, torch.float16, torch.bfloat16)


@st.composite
def weights_of(draw: st.DrawFn, rows: st.SearchStrategy[int], columns: st.SearchStrategy[int]) -> Tensor:
    """Draw a matrix with many ties and zeros, of any of the types."""
    shape = (draw(rows), draw(columns))
    seed, levels = draw(st.integers(0, 10**6)), draw(st.sampled_from([2, 5, 10_000]))
    drawn = torch.randint(-levels, levels + 1, shape, generator=torch.Generator().manual_seed(seed))
    return (drawn / levels).to(draw(st.sampled_from(TYPES)))


SMALL = st.integers(1, 12)


@given(weights_of(SMALL, SMALL), st.data())
@settings(max_examples=60)
def test_a_tensor_loses_exactly_its_count_of_least_weights(weights: Tensor, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, weights.numel()))
    mask = mask_lowest(weights.abs(), weights, count)
    assert int(mask.sum()) == count
    if 0 < count < weights.numel():
        assert weights.abs()[mask].max() <= weights.abs()[~mask].min()
    flat = weights.abs().float().flatten()
    expected = torch.zeros(weights.numel(), dtype=torch.bool)
    expected[flat.sort(stable=True).indices[:count]] = True  # among equals the first go first
    assert torch.equal(mask.flatten(), expected)


@given(st.lists(weights_of(SMALL, SMALL), min_size=1, max_size=4), st.floats(0, 1))
@settings(max_examples=60)
def test_one_global_threshold_is_a_stable_sort_of_all_weights(parts: list[Tensor], share: float) -> None:
    weights = {str(index): part for index, part in enumerate(parts)}
    everything = torch.cat([part.abs().float().flatten() for part in parts])
    count = int(share * everything.numel())
    masks = mask_global({name: part.abs() for name, part in weights.items()}, weights, count)
    expected = torch.zeros(everything.numel(), dtype=torch.bool)
    expected[everything.sort(stable=True).indices[:count]] = True
    assert torch.equal(torch.cat([mask.flatten() for mask in masks.values()]), expected)


@given(weights_of(SMALL, SMALL), st.floats(0, 0.99))
@settings(max_examples=60)
def test_each_row_is_met_to_within_one_weight_and_so_is_the_tensor(weights: Tensor, sparsity: float) -> None:
    mask = mask_rows(weights.abs(), weights, sparsity)
    rows, columns = weights.shape
    assert all(abs(int(count) - sparsity * columns) <= 1 + 1e-9 for count in mask.sum(1))
    assert abs(int(mask.sum()) - sparsity * rows * columns) <= 0.5 + 1e-9
    for row, gone in zip(weights.abs(), mask, strict=True):
        if gone.any() and not gone.all():
            assert row[gone].max() <= row[~gone].min()


@pytest.mark.parametrize(("keep", "group"), [(2, 4), (4, 8), (1, 4)])
@given(st.data())
@settings(max_examples=25)
def test_a_pattern_keeps_the_best_n_of_every_m(keep: int, group: int, data: st.DataObject) -> None:
    weights = data.draw(weights_of(SMALL, st.integers(1, 4).map(lambda count: count * group)))
    mask = mask_pattern(weights.abs(), weights, keep, group)
    groups, scores = mask.reshape(-1, group), weights.abs().reshape(-1, group)
    assert (groups.sum(1) == group - keep).all()
    for gone, row in zip(groups, scores, strict=True):
        assert row[gone].max() <= row[~gone].min()


def test_a_pattern_of_a_convolution_runs_along_its_input_channels() -> None:
    weights = torch.randn(3, 8, 2, 2, generator=torch.Generator().manual_seed(0))
    mask = mask_pattern(weights.abs(), weights, 2, 4)
    for output, y, x in torch.cartesian_prod(torch.arange(3), torch.arange(2), torch.arange(2)).tolist():
        line = mask[output, :, y, x].reshape(-1, 4)
        assert (line.sum(1) == 2).all()


def test_a_pattern_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="6 inputs are not a multiple of 4"):
        mask_pattern(torch.ones(2, 6), torch.ones(2, 6), 2, 4)


def test_weights_that_are_zero_go_first_whatever_their_score() -> None:
    weights = torch.tensor([[0.0, 1.0, 2.0, 0.0]])
    scores = torch.tensor([[9.0, 1.0, 2.0, 9.0]])
    assert mask_lowest(scores, weights, 2).tolist() == [[True, False, False, True]]
    assert mask_rows(scores, weights, 0.5).tolist() == [[True, False, False, True]]
    assert mask_pattern(scores, weights, 2, 4).tolist() == [[True, False, False, True]]
