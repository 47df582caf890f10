"""A stranger's pruning method: what comes first is important."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from persopt.plugins import hookimpl
from persopt.plugins.contracts.pruning import ParameterContext, PruningMethod, PruningTraits

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("First",)


class FirstOptions(Struct, frozen=True, kw_only=True):
    """None."""


class First:
    """Scores fall from the first output to the last."""

    name = "first"
    title: Mapping[str, str] = {"en": "First", "fa": "نخست"}
    options = FirstOptions
    traits = PruningTraits()

    def importance(self, options: FirstOptions, parameter: Tensor, context: ParameterContext) -> Tensor:
        """Return the number of each row, counted from the end."""
        import torch

        del options, context
        rows = torch.arange(parameter.shape[0], 0, -1, dtype=torch.float32)
        return rows.reshape(-1, *[1] * (parameter.dim() - 1)).expand_as(parameter).clone()


@hookimpl
def persopt_pruning_methods() -> Iterable[PruningMethod[Any]]:
    """Offer it."""
    yield First()
