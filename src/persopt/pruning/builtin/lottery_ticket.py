"""Lottery tickets: prune what is small after training, rewind the rest to its early values.

Frankle & Carbin, 2019, arXiv:1803.03635; rewinding to early weights: Frankle et al., 2020, arXiv:1912.05671; the
criteria: Zhou et al., 2019, arXiv:1905.01067. The method scores; training and rewinding are the schedule's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from persopt.plugins import ParameterContext, PruningMethod, PruningTraits, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("LotteryTicket", "LotteryTicketOptions")


class LotteryTicketOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of lottery tickets."""

    criterion: Annotated[
        Literal["large-final", "magnitude-increase"],
        Meta(description="large-final: |w| after training; magnitude-increase: by how much |w| has grown."),
    ] = "large-final"


class LotteryTicket:
    """The magnitude of a weight after training, or its growth since the weights that are rewound to."""

    name = "lottery-ticket"
    title = {"en": "Lottery ticket", "fa": "بلیت بخت‌آزمایی"}
    options = LotteryTicketOptions
    traits = PruningTraits(needs=frozenset({"initial-weights"}))

    def importance(self, options: LotteryTicketOptions, parameter: Tensor, context: ParameterContext) -> Tensor:
        """Return |w|, or |w| less the magnitude at the start."""
        if context.initial is None:
            raise ValueError(f"no early weights were kept for {context.name}")
        magnitude = parameter.detach().abs()
        if options.criterion == "large-final":
            return magnitude
        return magnitude.float() - context.initial.detach().abs().float()


@hookimpl
def persopt_pruning_methods() -> Iterable[PruningMethod[LotteryTicketOptions]]:
    """Offer lottery tickets."""
    yield LotteryTicket()
