"""Moments of an optimizer whose parameters change their shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ("slice_state", "take_over_state")


def slice_state(optimizer: torch.optim.Optimizer, parameter: nn.Parameter, shape: torch.Size, kept: Tensor) -> None:
    """Keep of a parameter's moments, which have the shape it had, these columns."""
    if parameter in optimizer.state:
        state = optimizer.state[parameter]
        optimizer.state[parameter] = _sliced(state, shape, lambda tensor: tensor.index_select(1, kept))


def take_over_state(
    optimizer: torch.optim.Optimizer, old: nn.Parameter, new: nn.Parameter, cut: Callable[[Tensor], Tensor]
) -> None:
    """Give a parameter the moments of the one whose place it takes, cut as it was."""
    optimizer.state[new] = _sliced(optimizer.state.pop(old), old.shape, cut)


def _sliced(state: Mapping[str, Any], shape: torch.Size, cut: Callable[[Tensor], Tensor]) -> dict[str, Any]:
    """Return a parameter's state with moments of its shape sliced; counts of steps stay."""
    return {
        key: cut(value) if isinstance(value, Tensor) and value.shape == shape else value for key, value in state.items()
    }
