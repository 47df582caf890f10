"""Pruning methods: how important each weight is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from msgspec import Struct

from persopt.plugins.contracts.base import Contribution

if TYPE_CHECKING:
    from torch import Tensor  # noqa: TC004 - never decoded from plain data, so torch need not load

__all__ = ("ParameterContext", "PruningMethod", "PruningTraits")

OptionsT_contra = TypeVar("OptionsT_contra", bound=Struct, contravariant=True)

PruningNeed = Literal["gradients", "activations", "movement", "initial-weights"]


class PruningTraits(Struct, frozen=True, kw_only=True):
    """What a method needs, and among which weights its scores can be compared.

    Attributes:
        needs: What must be gathered on data before `importance` is called.
        compare_within: `scope` (a tensor, or the whole model) or `row` (an output row, as in Wanda).
    """

    needs: frozenset[PruningNeed] = frozenset()
    compare_within: Literal["scope", "row"] = "scope"


class ParameterContext(Struct, frozen=True, kw_only=True):
    """What is known of a parameter besides its values.

    Attributes:
        name: Its name in the model's `named_parameters`.
        seed: For random methods; different for each parameter.
        gradient: Mean gradient over the data, same shape.
        activation_norms: L2 norm of each input feature, shape (inputs,).
        movement: Sum of -w·g over the steps so far, same shape.
        initial: Weights at the start, same shape.
    """

    name: str
    seed: int = 0
    gradient: Tensor | None = None
    activation_norms: Tensor | None = None
    movement: Tensor | None = None
    initial: Tensor | None = None


class PruningMethod(Contribution, Protocol[OptionsT_contra]):
    """Scores weights; the driver makes masks, patterns, structured groups and schedules of the scores."""

    @property
    def traits(self) -> PruningTraits:
        """What the method needs, and how its scores compare."""
        ...

    def importance(self, options: OptionsT_contra, parameter: Tensor, context: ParameterContext) -> Tensor:
        """Return a finite score for each weight, same shape as `parameter`; higher means keep."""
        ...
