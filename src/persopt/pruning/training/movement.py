"""Movement of all the weights of a model that is cut while it trains."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from persopt.pruning.structured.cut import Cut

__all__ = ("MovementSums",)


class MovementSums:
    """Sums of -w·g over the steps of a training, g being the optimizer's gradient (after clipping).

    Summed over the weights of a unit this is, but for the factor of a learning rate, the score that block movement
    pruning learns for it (Lagunas et al., 2021, arXiv:2109.04838, section 3). A unit that was cut does not come back.

    Args:
        model: Changed by the training and by cuts.

    Attributes:
        sums: By each name of a parameter; of one that had no gradient yet, 0.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self.sums: dict[str, Tensor] = {name: torch.zeros_like(one) for name, one in self._parameters()}

    @torch.no_grad()
    def begin_update(self) -> None:
        """Add what the update that follows is made of."""
        for name, parameter in self._parameters():
            if parameter.grad is not None:
                self.sums[name].addcmul_(parameter, parameter.grad, value=-1.0)

    def end_update(self) -> None:
        """Do nothing: no weight is hidden."""

    def follow(self, cut: Cut) -> None:
        """Keep the sums of what a cut has left; scaling a query leaves w·g as it is, since g shrinks as w grows."""
        self.sums = cut.follow(self.sums)

    def _parameters(self) -> list[tuple[str, torch.nn.Parameter]]:
        return list(self._model.named_parameters(remove_duplicate=False))
