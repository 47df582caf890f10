"""An optimizer that goes on with the parameters that a cut has left."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from persopt.pruning.structured.cut import Cut
from persopt.training.optimizer_state import take_over_state

__all__ = ("follow_cut",)


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
            take_over_state(optimizer, old, new, lambda tensor, name=name: cut.slice(name, tensor))  # type: ignore[misc]
    for old in gone:
        optimizer.state.pop(old, None)
