"""Masks: which weights are pruned, exactly as many as asked for, the same on every run.

Every function takes scores and weights of one shape and returns a boolean mask of that shape, True where a weight is
pruned. Weights that are zero already count as pruned first; among equal scores the first weights go first.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from persopt.pruning.threshold import CHUNK, Cut, find_cut, iterate_keys, split_count

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("mask_below", "mask_global", "mask_lowest", "mask_pattern", "mask_rows")


def mask_lowest(scores: Tensor, weights: Tensor, count: int) -> Tensor:
    """Return the mask of the `count` lowest scores of a tensor."""
    cut = find_cut(partial(iterate_keys, scores, weights), count)
    return mask_below(scores, weights, cut)[0]


def mask_below(scores: Tensor, weights: Tensor, cut: Cut) -> tuple[Tensor, Cut]:
    """Return the mask of the weights below a cut, and the cut for the next tensor, fewer ties being left."""
    import torch

    mask = torch.empty(weights.numel(), dtype=torch.bool, device=weights.device)
    ties, start = cut.ties, 0
    for keys in iterate_keys(scores, weights):
        part = mask[start : start + keys.numel()]
        torch.lt(keys, cut.key, out=part)
        if ties:
            equal = (keys == cut.key).nonzero().flatten()[:ties]
            part[equal] = True
            ties -= equal.numel()
        start += keys.numel()
    return mask.reshape(weights.shape), Cut(cut.key, ties)


def mask_global(scores: Mapping[str, Tensor], weights: Mapping[str, Tensor], count: int) -> dict[str, Tensor]:
    """Return the masks of the `count` lowest scores of all tensors together, taken in the order of `scores`."""
    cut = find_cut(
        lambda: (keys for name, given in scores.items() for keys in iterate_keys(given, weights[name])), count
    )
    masks = {}
    for name, given in scores.items():
        masks[name], cut = mask_below(given, weights[name], cut)
    return masks


def mask_rows(scores: Tensor, weights: Tensor, sparsity: float) -> Tensor:
    """Return the mask of the lowest scores of each output row (first dimension).

    Each row is met to within one weight, and so is the tensor.
    """
    import torch

    rows = weights.shape[0]
    flat_scores, flat_weights = scores.reshape(rows, -1), weights.reshape(rows, -1)
    columns = flat_weights.shape[1]
    counts = torch.tensor(split_count(sparsity, [columns] * rows), device=weights.device)
    return _mask_groups(flat_scores, flat_weights, counts).reshape(weights.shape)


def mask_pattern(scores: Tensor, weights: Tensor, keep: int, group: int) -> Tensor:
    """Return the mask that keeps the `keep` best of every `group` consecutive inputs of an output.

    Inputs are the second dimension, as in `nn.Linear`; of a convolution, each place of the kernel by itself.

    Raises:
        ValueError: if the inputs are not a multiple of the group.
    """
    import torch

    if weights.shape[1] % group:
        raise ValueError(f"{weights.shape[1]} inputs are not a multiple of {group}")
    moved = weights.movedim(1, -1)
    flat_scores, flat_weights = scores.movedim(1, -1).reshape(-1, group), moved.reshape(-1, group)
    counts = torch.full((flat_weights.shape[0],), group - keep, device=weights.device)
    return _mask_groups(flat_scores, flat_weights, counts).reshape(moved.shape).movedim(-1, 1)


def _mask_groups(scores: Tensor, weights: Tensor, counts: Tensor) -> Tensor:
    """Return the mask of the `counts[i]` lowest scores of row i, some rows at a time."""
    import torch

    rows, columns = weights.shape
    mask = torch.empty((rows, columns), dtype=torch.bool, device=weights.device)
    step = max(CHUNK // columns, 1)
    places = torch.arange(columns, device=weights.device)
    for start in range(0, rows, step):
        some = slice(start, start + step)
        keys = torch.cat(list(iterate_keys(scores[some], weights[some]))).reshape(-1, columns)
        order = keys.argsort(dim=1, stable=True)
        mask[some].scatter_(1, order, places < counts[some, None])
    return mask
