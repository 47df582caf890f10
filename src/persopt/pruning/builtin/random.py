"""Random pruning: the baseline that every method should beat."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from persopt.plugins import NoOptions, ParameterContext, PruningMethod, PruningTraits, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("RandomPruning",)


class RandomPruning:
    """A uniform number a weight, decided by the seed alone."""

    name = "random"
    title = {"en": "Random", "fa": "تصادفی"}
    options = NoOptions
    traits = PruningTraits()

    def importance(self, options: NoOptions, parameter: Tensor, context: ParameterContext) -> Tensor:  # noqa: ARG002 - the contract's
        """Return numbers from 0 to 1; the same seed and shape give the same ones."""
        import torch

        generator = torch.Generator().manual_seed(context.seed)
        return torch.rand(parameter.shape, generator=generator).to(parameter.device)


@hookimpl
def persopt_pruning_methods() -> Iterable[PruningMethod[NoOptions]]:
    """Offer random pruning."""
    yield RandomPruning()
