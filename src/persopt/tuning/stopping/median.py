"""The median rule: a trial ends that is worse than most others were at the same place.

One objective: as in Google Vizier (Golovin et al., 2017, doi:10.1145/3097983.3098043) and Optuna's `MedianPruner`,
the trial's best value so far is held against the median of the values that completed trials had there.

Several objectives: the trial ends if more than half of the completed trials dominate it, that is, if what each
of them had there dominates every evaluation of this trial. So a trial with an evaluation that nobody dominates,
which may be on the way to the Pareto front, always goes on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from persopt.domain.objectives import Objective
from persopt.tuning.stopping.domination import dominates
from persopt.tuning.stopping.rule import Evaluation, common_losses

__all__ = ("MedianRule",)


class MedianRule:
    """See the module.

    Args:
        objectives: What is searched for.
        unit: Word for what is counted.
        startup_trials: Trials that must have completed before any is stopped.
        warmup_steps: Place before which no trial is stopped.
        interval_steps: Distance of the looks at a trial, counted from `warmup_steps`; where there was no
            evaluation, the next one takes its place.
    """

    def __init__(
        self,
        objectives: Sequence[Objective],
        unit: str,
        *,
        startup_trials: int = 5,
        warmup_steps: int = 0,
        interval_steps: int = 1,
    ) -> None:
        self._objectives = objectives
        self._unit = unit
        self._startup_trials = startup_trials
        self._warmup_steps = warmup_steps
        self._interval_steps = interval_steps
        self._curves: dict[int, list[Evaluation]] = {}
        self._completed = 0
        self._completed_at: dict[int, list[dict[str, float]]] = {}

    def judge(self, number: int, evaluation: Evaluation) -> str | None:
        """See `StoppingRule`."""
        curve = self._curves.setdefault(number, [])
        earlier = curve[-1].resource if curve else -1
        curve.append(evaluation)
        if self._completed == 0 or self._completed < self._startup_trials or not self._is_due(evaluation, earlier):
            return None
        reason = self._compare([item.metrics for item in curve], self._completed_at.get(evaluation.resource, []))
        return None if reason is None else f"stopped by median at {self._unit} {evaluation.resource}: {reason}"

    def end(self, number: int, *, completed: bool) -> None:
        """See `StoppingRule`."""
        curve = self._curves.pop(number, [])
        if completed:
            self._completed += 1
            for evaluation in curve:
                self._completed_at.setdefault(evaluation.resource, []).append(evaluation.metrics)

    def forget(self, number: int) -> None:
        """See `StoppingRule`."""
        self._curves.pop(number, None)

    def state(self, number: int) -> Any:  # noqa: ARG002 - the contract's
        """See `StoppingRule`."""
        return None

    def restore(self, number: int, evaluations: Sequence[Evaluation], state: Any, *, completed: bool) -> None:  # noqa: ARG002
        """See `StoppingRule`."""
        self._curves[number] = list(evaluations)
        self.end(number, completed=completed)

    def _is_due(self, evaluation: Evaluation, earlier: int) -> bool:
        passed = evaluation.resource - self._warmup_steps
        last_look = passed // self._interval_steps * self._interval_steps + self._warmup_steps
        return passed >= 0 and earlier < last_look

    def _compare(self, own: list[dict[str, float]], others: list[dict[str, float]]) -> str | None:
        shared, losses = common_losses(self._objectives, [*own, *others])
        if len(shared) == 1:
            return self._compare_values(shared[0], [loss for (loss,) in losses], len(own))
        mine = [item for item in losses[: len(own)] if not any(math.isnan(value) for value in item)]
        if shared and not mine:
            return f"{' or '.join(item.metric for item in shared)} is not a number"
        ahead = sum(
            all(dominates(other, item) for item in mine)
            for other in losses[len(own) :]
            if not any(math.isnan(value) for value in other)
        )
        if not shared or 2 * ahead <= len(others):
            return None
        names = " and ".join(item.metric for item in shared)
        return f"{ahead} of the {len(others)} trials that came to their end dominated it there in {names}"

    def _compare_values(self, objective: Objective, losses: list[float], own: int) -> str | None:
        import numpy as np

        sign = -1 if objective.direction == "maximize" else 1
        mine = [sign * loss for loss in losses[:own] if not math.isnan(loss)]
        others = [sign * loss for loss in losses[own:] if not math.isnan(loss)]
        if not mine:
            return f"{objective.metric} is not a number"
        if not others:
            return None
        best = max(mine) if objective.direction == "maximize" else min(mine)
        middle = float(np.percentile(others, 50))  # as Optuna, to the last bit
        if not objective.is_better(middle, best):
            return None
        return (
            f"{objective.metric} {best:.4g}, its best so far, is worse than {middle:.4g}, the median of "
            f"{len(others)} trials"
        )
