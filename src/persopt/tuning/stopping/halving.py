"""Asynchronous successive halving (ASHA; Li et al., 2020, arXiv:1810.05934), as Optuna's stopping variant of it.

At the end of each rung (`min_resource` times a power of the reduction factor) a trial goes on only if it is
among the best 1/factor of all that came so far; nobody waits for the others. With several objectives the best
are those of the order in `domination` (Schmucker et al., 2021, arXiv:2106.12639).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from persopt.domain.objectives import Objective
from persopt.tuning.stopping.domination import count_ahead
from persopt.tuning.stopping.rule import Evaluation, common_losses, describe_share, describe_values, has_nan

__all__ = ("SuccessiveHalving",)


class SuccessiveHalving:
    """See the module.

    Args:
        objectives: What is searched for.
        unit: Word for what is counted.
        min_resource: Length of the first rung.
        reduction_factor: Of so many trials one goes on.
        min_early_stopping_rate: Rungs left out at the beginning.
        name: Name of the rule in its words.
    """

    def __init__(
        self,
        objectives: Sequence[Objective],
        unit: str,
        *,
        min_resource: int = 1,
        reduction_factor: int = 3,
        min_early_stopping_rate: int = 0,
        name: str = "asha",
    ) -> None:
        self._objectives = objectives
        self._unit = unit
        self._first = min_resource * reduction_factor**min_early_stopping_rate
        self._factor = reduction_factor
        self._name = name
        self._rungs: list[dict[int, dict[str, float]]] = []
        self._passed: dict[int, int] = {}

    def judge(self, number: int, evaluation: Evaluation) -> str | None:
        """See `StoppingRule`."""
        while evaluation.resource >= self._first * self._factor ** self._passed.get(number, 0):
            reason = self._end_rung(number, evaluation.metrics)
            if reason is not None:
                return f"stopped by {self._name} at {self._unit} {evaluation.resource}: {reason}"
        return None

    def end(self, number: int, *, completed: bool) -> None:
        """See `StoppingRule`; what an ended trial had at its rungs stays."""

    def forget(self, number: int) -> None:
        """See `StoppingRule`."""
        self._passed.pop(number, None)
        for rung in self._rungs:
            rung.pop(number, None)

    def state(self, number: int) -> Any:
        """See `StoppingRule`: what the trial had at the end of each rung."""
        return [self._rungs[rung][number] for rung in range(self._passed.get(number, 0))]

    def restore(self, number: int, evaluations: Sequence[Evaluation], state: Any, *, completed: bool) -> None:  # noqa: ARG002
        """See `StoppingRule`."""
        for metrics in state or ():
            self._put(number, dict(metrics))

    def _end_rung(self, number: int, metrics: dict[str, float]) -> str | None:
        if has_nan(metrics):
            return f"{describe_values(self._objectives, metrics)} is not a number"
        rung = self._put(number, metrics)
        shared, losses = common_losses(self._objectives, list(rung.values()))
        if not shared:
            return None
        kept = max(1, len(rung) // self._factor)
        if count_ahead(losses, list(rung).index(number)) < kept:
            return None
        order = " by non-domination" if len(shared) > 1 else ""
        share = describe_share(kept, self._factor, len(rung))
        return f"{describe_values(shared, metrics)} is not {share}{order}"

    def _put(self, number: int, metrics: dict[str, float]) -> dict[int, dict[str, float]]:
        """Keep what a trial had at the end of its next rung; return the rung."""
        place = self._passed.get(number, 0)
        self._passed[number] = place + 1
        if place == len(self._rungs):
            self._rungs.append({})
        self._rungs[place][number] = metrics
        return self._rungs[place]
