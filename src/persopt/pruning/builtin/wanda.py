"""Wanda: a weight times the norm of what it meets (Sun et al., 2024, arXiv:2306.11695)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from persopt.plugins import NoOptions, ParameterContext, PruningMethod, PruningTraits, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("Wanda",)


class Wanda:
    """|w| times the L2 norm of the weight's input feature over all tokens, compared within an output row."""

    name = "wanda"
    title = {"en": "Wanda", "fa": "واندا"}
    options = NoOptions
    traits = PruningTraits(needs=frozenset({"activations"}), compare_within="row")

    def importance(self, options: NoOptions, parameter: Tensor, context: ParameterContext) -> Tensor:  # noqa: ARG002 - the contract's
        """Return |w| · ‖x‖ in float32; of a convolution, x is the input channel."""
        if context.activation_norms is None:
            raise ValueError(f"no activations were gathered for {context.name}")
        inputs = [-1] + [1] * max(parameter.dim() - 2, 0)
        return parameter.detach().abs().float() * context.activation_norms.float().reshape(inputs)


@hookimpl
def persopt_pruning_methods() -> Iterable[PruningMethod[NoOptions]]:
    """Offer Wanda."""
    yield Wanda()
