"""Movement pruning: weights that training moves towards zero matter least (Sanh et al., 2020, arXiv:2005.07683)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from persopt.plugins import NoOptions, ParameterContext, PruningMethod, PruningTraits, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("Movement",)


class Movement:
    """The sum of -w·g over the steps of a training; positive where the weight moved away from zero."""

    name = "movement"
    title = {"en": "Movement", "fa": "جابه‌جایی"}
    options = NoOptions
    traits = PruningTraits(needs=frozenset({"movement"}))

    def importance(self, options: NoOptions, parameter: Tensor, context: ParameterContext) -> Tensor:  # noqa: ARG002 - the contract's
        """Return what the training has summed up."""
        if context.movement is None:
            raise ValueError(f"no movement was gathered for {context.name}")
        return context.movement.detach().reshape(parameter.shape)


@hookimpl
def persopt_pruning_methods() -> Iterable[PruningMethod[NoOptions]]:
    """Offer movement pruning."""
    yield Movement()
