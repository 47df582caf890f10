"""An optimizer that goes on with the parameters that a cut has left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from persopt.pruning.structured.cut import Cut

__all__ = ("follow_cut", "slice_state")


def follow_cut(
    optimizer: torch.optim.Optimizer, cut: Cut, before: Mapping[str, nn.Parameter], after: Mapping[str, nn.Parameter]
) -> None:
    """Put the parameters that a cut has left in the place of those before, with their part of the moments.

    Groups, learning rates and schedules stay; other parameters of the optimizer are left alone.

    Args:
        optimizer: Of the model.
        cut: What was done.
        before: The model's parameters before the cut, by all their names.
        after: Those now, likewise.
    """
    became = {before[cut.names[name]]: (name, parameter) for name, parameter in after.items()}
    gone = set(before.values()) - set(became)
    for group in optimizer.param_groups:
        group["params"] = [
            became[one][1] if one in became else one  # a distiller's projection
            for one in group["params"]
            if one not in gone
        ]
    for old, (name, new) in became.items():
        if new is not old and old in optimizer.state:
            _take_over(optimizer, old, new, lambda tensor, name=name: cut.slice(name, tensor))  # type: ignore[misc]
    for old in gone:
        optimizer.state.pop(old, None)


def slice_state(optimizer: torch.optim.Optimizer, parameter: nn.Parameter, shape: torch.Size, kept: Tensor) -> None:
    """Keep of a parameter's moments, which have the shape it had, these columns."""
    if parameter in optimizer.state:
        state = optimizer.state[parameter]
        optimizer.state[parameter] = _sliced(state, shape, lambda tensor: tensor.index_select(1, kept))


def _take_over(
    optimizer: torch.optim.Optimizer, old: nn.Parameter, new: nn.Parameter, cut: Callable[[Tensor], Tensor]
) -> None:
    optimizer.state[new] = _sliced(optimizer.state.pop(old), old.shape, cut)


def _sliced(state: Mapping[str, Any], shape: torch.Size, cut: Callable[[Tensor], Tensor]) -> dict[str, Any]:
    """Return a parameter's state with moments of its shape sliced; counts of steps stay."""
    return {
        key: cut(value) if isinstance(value, Tensor) and value.shape == shape else value for key, value in state.items()
    }
