"""LAMP importance (Lee et al., 2021, arXiv:2010.07611) as a persopt plugin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from persopt.plugins import ParameterContext, PruningMethod, PruningTraits, hookimpl

if TYPE_CHECKING:
    from torch import Tensor


class LampOptions(Struct, frozen=True, kw_only=True):
    """Options of LAMP."""

    power: Annotated[float, Meta(gt=0, title="Norm", description="Exponent of |w|.")] = 2.0


class Lamp:
    """Weight magnitude over the sum of all not-smaller magnitudes of its tensor."""

    name = "lamp"
    title = {"en": "LAMP", "fa": "لمپ"}
    options = LampOptions
    traits = PruningTraits()

    def importance(self, options: LampOptions, parameter: Tensor, context: ParameterContext) -> Tensor:
        """Return the LAMP score of each weight; zero where all that is left is zero."""
        magnitude = parameter.abs().pow(options.power).flatten()
        ascending, order = magnitude.sort()
        remaining = ascending.flip(0).cumsum(0).flip(0)
        return (ascending / remaining).nan_to_num()[order.argsort()].reshape(parameter.shape)


@hookimpl
def persopt_pruning_methods() -> Iterable[PruningMethod[LampOptions]]:
    """Offer LAMP."""
    yield Lamp()
