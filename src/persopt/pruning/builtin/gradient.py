"""First-order Taylor pruning: what removing a weight does to the loss (Molchanov et al., 2019, arXiv:1906.10771)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from persopt.plugins import NoOptions, ParameterContext, PruningMethod, PruningTraits, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("Gradient",)


class Gradient:
    """|w · g|, g being the mean gradient of the loss over the data."""

    name = "gradient"
    title = {"en": "Gradient (Taylor)", "fa": "گرادیان (تیلور)"}
    options = NoOptions
    traits = PruningTraits(needs=frozenset({"gradients"}))

    def importance(self, options: NoOptions, parameter: Tensor, context: ParameterContext) -> Tensor:  # noqa: ARG002 - the contract's
        """Return |w · g| in float32: the products of small numbers are smaller still."""
        if context.gradient is None:
            raise ValueError(f"no gradient was gathered for {context.name}")
        return (parameter.detach().float() * context.gradient.float()).abs_()


@hookimpl
def persopt_pruning_methods() -> Iterable[PruningMethod[NoOptions]]:
    """Offer Taylor pruning."""
    yield Gradient()
