"""Patience: a training ends that no longer gets better, and gives the model of its best evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from persopt.domain.objectives import Objective

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ("Patience",)


class Patience:
    """Watches the evaluations of one training, and keeps a copy of the weights of the best one.

    The copy lies in main memory, wherever the model is trained.

    Args:
        objective: What should get better.
        evaluations: After so many in a row that are not better than the best one the training is to end.

    Attributes:
        best: Metrics of the best evaluation, the first of equal ones; empty before the first.
    """

    def __init__(self, objective: Objective, evaluations: int) -> None:
        self._objective = objective
        self._evaluations = evaluations
        self._weights: dict[str, Tensor] = {}
        self._in_vain = 0
        self.best: dict[str, float] = {}

    def add(self, metrics: Mapping[str, float], model: nn.Module) -> bool:
        """Take an evaluation of a model; return whether the training is to end."""
        name = self._objective.metric
        if name not in metrics:
            return False
        if self.best and not self._objective.is_better(metrics[name], self.best[name]):
            self._in_vain += 1
            return self._in_vain >= self._evaluations
        self.best, self._in_vain = dict(metrics), 0
        self._weights = {key: value.detach().cpu().clone() for key, value in model.state_dict().items()}
        return False

    def restore(self, model: nn.Module) -> None:
        """Give a model the weights of the best evaluation."""
        if self._weights:
            model.load_state_dict(self._weights)
