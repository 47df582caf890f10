"""Choosing which units are kept: those with the highest sum of importance over all their weights."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from persopt.domain.errors import InputError
from persopt.pruning.structured.coupling import Coupling

__all__ = ("Importance", "Scores", "keep_best")

Importance = Callable[[str, Tensor], Tensor]


class Scores:
    """Importance of each weight, asked for once and only where it is needed; of what is cut, 0.

    Args:
        model: The model before the cut.
        importance: Gives, of a parameter's name and the parameter, a score of the same shape.
    """

    def __init__(self, model: PreTrainedModel, importance: Importance) -> None:
        self._importance = importance
        self._parameters: dict[str, nn.Parameter] = {}
        self._names: dict[str, str] = {}
        first: dict[nn.Parameter, str] = {}
        for name, parameter in model.named_parameters(remove_duplicate=False):
            self._names[name] = first.setdefault(parameter, name)
            self._parameters[self._names[name]] = parameter
        self._scores: dict[str, Tensor] = {}
        self._gone: set[str] = set()

    def unique(self, name: str) -> str:
        """Return the one name of a parameter that may have several, being tied."""
        return self._names[name]

    def knows(self, name: str) -> bool:
        """Return whether the model has a parameter of this name."""
        return name in self._names

    def of(self, name: str) -> Tensor:
        """Return the scores of a parameter, in double precision on the CPU.

        Raises:
            InputError: if the importance has another shape, or is not finite.
        """
        name = self._names[name]
        if name not in self._scores:
            parameter = self._parameters[name]
            with torch.no_grad():
                score = self._importance(name, parameter).detach().to("cpu", torch.float64, copy=True)
            if score.shape != parameter.shape:
                raise InputError(
                    f"the importance of {name} has shape {tuple(score.shape)}; expected {tuple(parameter.shape)}"
                )
            if not bool(torch.isfinite(score).all()):
                raise InputError(f"the importance of {name} is not finite everywhere")
            self._scores[name] = score
        return self._scores[name]

    def sum_units(self, coupling: Coupling, count: int) -> Tensor:
        """Return the score of each of `count` units, each weight counted once."""
        total = torch.zeros(count, dtype=torch.float64)
        seen: set[tuple[str, int]] = set()
        for (name, dimension), units in coupling.items():
            if name in self._gone or (self.unique(name), dimension) in seen:
                continue
            seen.add((self.unique(name), dimension))
            score = self.of(name)
            rows = score.movedim(dimension, 0).reshape(score.shape[dimension], -1).sum(1)
            total.index_add_(0, units[units >= 0], rows[units >= 0])
        return total

    def drop(self, prefix: str) -> None:
        """Count the parameters of a module no more."""
        self._gone.update(name for name in self._names if name.startswith(f"{prefix}."))

    def sum_module(self, prefix: str) -> float:
        """Return the score of all the parameters of a module."""
        names = {self._names[name] for name in self._names if name.startswith(f"{prefix}.")}
        return sum(float(self.of(name).sum()) for name in sorted(names - self._gone))

    def cut(self, name: str, dimension: int, positions: Tensor) -> None:
        """Count the weights at these positions no more."""
        self.of(name).index_fill_(dimension, positions, 0)


def keep_best(scores: Tensor, count: int) -> Tensor:
    """Return the numbers of the `count` highest scores, in ascending order; of equal ones, the first."""
    return torch.sort(torch.argsort(scores, descending=True, stable=True)[:count]).values
