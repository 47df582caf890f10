"""Weights that stay pruned through a training."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

__all__ = ("MaskedWeights",)


class MaskedWeights:
    """Masks over parameters, applied at every update.

    Pruned weights are exactly 0 whenever the model computes, whatever optimizer, momentum or weight decay do.

    With `movement`, pruned weights are only hidden: the update sees their dense values, which may be chosen again
    at the next renewal, and -w·g is summed up over the steps for all weights, the hidden ones too, g being the
    gradient of the loss by the weight that the model computed with (straight-through; Sanh et al., 2020,
    arXiv:2005.07683, eq. 3 and section 4).

    Args:
        parameters: By any names.
        movement: As above.

    Attributes:
        movement: The sums by name; empty unless asked for.
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], *, movement: bool = False) -> None:
        self._parameters = dict(parameters)
        self._masks: dict[str, Tensor] = {}
        self._dense: dict[str, Tensor] = {}
        self.movement: dict[str, Tensor] = {}
        if movement:
            self._dense = {name: one.detach().clone() for name, one in parameters.items()}
            self.movement = {name: torch.zeros_like(one) for name, one in self._dense.items()}

    def values(self) -> dict[str, Tensor]:
        """Return the weights by name, hidden ones with their dense values; not copies."""
        return dict(self._dense) or {name: one.detach() for name, one in self._parameters.items()}

    @torch.no_grad()
    def put(self, masks: Mapping[str, Tensor]) -> None:
        """Set the masks, True where a weight is pruned, and apply them."""
        for name, parameter in self._parameters.items():
            if name in self._dense:
                parameter.copy_(self._dense[name])
            self._masks[name] = masks[name].to(parameter.device)
        self.apply()

    @torch.no_grad()
    def begin_update(self) -> None:
        """Take pruned weights out of the gradients; sum up movements and show hidden weights to the optimizer."""
        for name, parameter in self._parameters.items():
            if name in self._dense:
                if parameter.grad is not None:
                    self.movement[name].addcmul_(self._dense[name], parameter.grad, value=-1.0)
                parameter.copy_(self._dense[name])
            if parameter.grad is not None and name in self._masks:
                parameter.grad.masked_fill_(self._masks[name], 0.0)

    @torch.no_grad()
    def end_update(self) -> None:
        """Make pruned weights 0 again after the optimizer's step."""
        for name in self._dense:
            self._dense[name].copy_(self._parameters[name])
        self.apply()

    @torch.no_grad()
    def apply(self) -> None:
        """Make pruned weights 0, after something else has set them."""
        for name, mask in self._masks.items():
            self._parameters[name].masked_fill_(mask, 0.0)
