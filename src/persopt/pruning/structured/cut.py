"""What one cut did to the parameters of a model, so that the same can be done to whatever belongs to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import torch
from torch import Tensor

from persopt.pruning.structured.report import StructuredReport

__all__ = ("Cut", "Scaling", "join_reports")


@dataclass(frozen=True)
class Scaling:
    """A parameter's first `rows` along a dimension were multiplied by a factor."""

    dimension: int
    rows: int
    factor: float

    def apply(self, tensor: Tensor) -> None:
        """Multiply in place."""
        with torch.no_grad():
            tensor.narrow(self.dimension, 0, self.rows).mul_(self.factor)


@dataclass(frozen=True)
class Cut:
    """One cut of a model.

    Attributes:
        report: What is left.
        kept: Positions kept, by the first name before the cut of a parameter and a dimension.
        names: The first name before the cut of each parameter, by each of its names now.
        name_before: Gives what a module or parameter was called before.
        scaled: Queries that were scaled, by their names now.
    """

    report: StructuredReport
    kept: Mapping[tuple[str, int], Tensor]
    names: Mapping[str, str]
    name_before: Callable[[str], str]
    scaled: Mapping[str, Scaling]

    def slice(self, name: str, tensor: Tensor) -> Tensor:
        """Return what is left of a tensor of the shape that a parameter had before the cut.

        Args:
            name: What the parameter is called now.
            tensor: Such as a moment of its optimizer.
        """
        for dimension in range(tensor.dim()):
            positions = self.kept.get((self.names[name], dimension))
            if positions is not None:
                tensor = tensor.index_select(dimension, positions.to(tensor.device))
        return tensor

    def follow(self, tensors: Mapping[str, Tensor], *, scale: bool = False) -> dict[str, Tensor]:
        """Return what is left of tensors, one for each parameter: by the names before and, what comes back, now.

        Args:
            tensors: Of the shapes before the cut; not changed.
            scale: Whether they are weights, which are scaled where the model's were.
        """
        left = {name: self.slice(name, tensors[before]) for name, before in self.names.items()}
        if scale:
            for name, scaling in self.scaled.items():
                left[name] = left[name].clone()
                scaling.apply(left[name])
        return left


def join_reports(cuts: Sequence[Cut]) -> StructuredReport:
    """Return the report of several cuts of one model, in numbers and names of the model before the first."""
    joined, rename = cuts[0].report, cuts[0].name_before
    for cut in cuts[1:]:
        new = cut.report
        joined = msgspec.structs.replace(
            new,
            parameters_before=joined.parameters_before,
            changed={**joined.changed, **new.changed},
            layers=_join(joined.layers, new.layers, rename),
            heads=_join(joined.heads, new.heads, rename),
            feed_forward=_join(joined.feed_forward, new.feed_forward, rename),
            hidden=_pick(joined.hidden, new.hidden) if new.hidden else joined.hidden,
        )
        rename = _chain(rename, cut.name_before)
    return joined


def _join(
    first: Mapping[str, tuple[int, ...]], second: Mapping[str, tuple[int, ...]], rename: Callable[[str], str]
) -> dict[str, tuple[int, ...]]:
    named = {rename(name): kept for name, kept in second.items()}
    return {**first, **{name: _pick(first.get(name, ()), kept) for name, kept in named.items()}}


def _pick(first: tuple[int, ...], kept: tuple[int, ...]) -> tuple[int, ...]:
    """Return the original numbers of units; none in `first` means that all were kept."""
    return tuple(first[number] for number in kept) if first else kept


def _chain(first: Callable[[str], str], second: Callable[[str], str]) -> Callable[[str], str]:
    return lambda name: first(second(name))
