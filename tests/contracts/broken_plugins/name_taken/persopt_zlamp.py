"""A plugin that offers a name which persopt-lamp has already, and one that is free."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from persopt.plugins import NoOptions, ParameterContext, PruningMethod, PruningTraits, hookimpl

if TYPE_CHECKING:
    from torch import Tensor


class Magnitude:
    """Plain magnitude under a name of choice."""

    title = {"en": "Magnitude", "fa": "اندازه"}
    options = NoOptions
    traits = PruningTraits()

    def __init__(self, name: str) -> None:
        self.name = name

    def importance(self, options: NoOptions, parameter: Tensor, context: ParameterContext) -> Tensor:  # noqa: ARG002
        """Return the magnitude."""
        return parameter.abs()


@hookimpl
def persopt_pruning_methods() -> Iterable[PruningMethod[Any]]:
    """Offer both."""
    return [Magnitude("lamp"), Magnitude("free")]
