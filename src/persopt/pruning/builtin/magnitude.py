"""Magnitude pruning: small weights matter least (Han et al., 2015, arXiv:1506.02626)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from persopt.plugins import ParameterContext, PruningMethod, PruningTraits, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("Magnitude", "MagnitudeOptions")


class MagnitudeOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of magnitude pruning."""

    norm: Annotated[
        Literal["l1", "l2"],
        Meta(description="l1: |w|; l2: w squared. They order single weights alike and differ in sums over groups."),
    ] = "l1"


class Magnitude:
    """The absolute value of a weight, or its square."""

    name = "magnitude"
    title = {"en": "Magnitude", "fa": "بزرگی وزن"}
    options = MagnitudeOptions
    traits = PruningTraits()

    def importance(self, options: MagnitudeOptions, parameter: Tensor, context: ParameterContext) -> Tensor:  # noqa: ARG002 - the contract's
        """Return |w| in the parameter's type, or its square in float32, where half precision would underflow."""
        magnitude = parameter.detach().abs()
        if options.norm == "l1":
            return magnitude
        return magnitude.float().square_()


@hookimpl
def persopt_pruning_methods() -> Iterable[PruningMethod[MagnitudeOptions]]:
    """Offer magnitude pruning."""
    yield Magnitude()
