"""Hyperband (Li et al., 2018, arXiv:1603.06560): successive halving with several lengths of the first rung at once.

Whether short trials tell anything is not known, so the trials are divided among brackets, the first of which
halves as early as it can and the last hardly at all; trials compete within their bracket. A trial's bracket
depends on its number and the study's seed alone, as Optuna's `HyperbandPruner` does it with the study's name.
"""

from __future__ import annotations

import binascii
import math
from collections.abc import Sequence
from typing import Any

from persopt.domain.objectives import Objective
from persopt.tuning.stopping.halving import SuccessiveHalving
from persopt.tuning.stopping.rule import Evaluation

__all__ = ("Hyperband",)


class Hyperband:
    """See the module.

    Args:
        objectives: What is searched for.
        unit: Word for what is counted.
        seed: Divides the trials among the brackets.
        min_resource: Length of the first rung of the first bracket.
        max_resource: Length of a whole trial. None: as the first completed trials show; until then all go on.
        reduction_factor: Of so many trials of a bracket one goes on.
    """

    def __init__(
        self,
        objectives: Sequence[Objective],
        unit: str,
        *,
        seed: int | str = 0,
        min_resource: int = 1,
        max_resource: int | None = None,
        reduction_factor: int = 3,
    ) -> None:
        self._objectives = objectives
        self._unit = unit
        self._seed = seed
        self._min_resource = min_resource
        self._factor = reduction_factor
        self._last: dict[int, int] = {}
        self._longest: int | None = None
        self._max_resource: int | None = None
        self._brackets: list[SuccessiveHalving] = []
        self._shares: list[int] = []
        if max_resource is not None:
            self._open(max_resource)

    def judge(self, number: int, evaluation: Evaluation) -> str | None:
        """See `StoppingRule`."""
        self._last[number] = evaluation.resource
        if self._max_resource is None and self._longest is not None:
            self._open(self._longest + 1)  # as Optuna, whose steps count from 0
        return self._bracket(number).judge(number, evaluation) if self._brackets else None

    def end(self, number: int, *, completed: bool) -> None:
        """See `StoppingRule`."""
        last = self._last.pop(number, None)
        if completed and last is not None:
            self._longest = max(last, self._longest or 0)

    def forget(self, number: int) -> None:
        """See `StoppingRule`."""
        self._last.pop(number, None)
        if self._brackets:
            self._bracket(number).forget(number)

    def state(self, number: int) -> Any:
        """See `StoppingRule`: the length of a whole trial that was found, and what this one had at its rungs."""
        if not self._brackets or self._max_resource is None:
            return None
        return {"maxResource": self._max_resource, "rungs": self._bracket(number).state(number)}

    def restore(self, number: int, evaluations: Sequence[Evaluation], state: Any, *, completed: bool) -> None:
        """See `StoppingRule`."""
        if evaluations:
            self._last[number] = evaluations[-1].resource
        self.end(number, completed=completed)
        if state is not None:
            if self._max_resource is None:
                self._open(state["maxResource"])
            self._bracket(number).restore(number, evaluations, state["rungs"], completed=completed)

    def _open(self, max_resource: int) -> None:
        self._max_resource = max_resource
        count = 0  # stays so if a whole trial is shorter than a rung: then none is stopped
        while self._min_resource * self._factor**count <= max_resource:
            count += 1
        self._shares = [
            math.ceil(count * self._factor ** (count - 1 - bracket) / (count - bracket)) for bracket in range(count)
        ]
        self._brackets = [
            SuccessiveHalving(
                self._objectives,
                self._unit,
                min_resource=self._min_resource,
                reduction_factor=self._factor,
                min_early_stopping_rate=bracket,
                name=f"hyperband (bracket {bracket + 1} of {count})",
            )
            for bracket in range(count)
        ]

    def _bracket(self, number: int) -> SuccessiveHalving:
        place = binascii.crc32(f"{self._seed}_{number}".encode()) % sum(self._shares)
        for bracket, share in zip(self._brackets, self._shares, strict=True):
            place -= share
            if place < 0:
                return bracket
        raise AssertionError  # the shares add up
