"""What every rule of early stopping is told, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from persopt.domain.objectives import Objective

__all__ = ("Evaluation", "StoppingRule", "common_losses", "describe_share", "describe_values", "has_nan")


class Evaluation(Struct, frozen=True):
    """What a trial reported at one place.

    Attributes:
        resource: The place, in the unit that the rule counts; rising strictly within an attempt.
        metrics: The objectives that the report holds, at least one; a value may be NaN.
    """

    resource: int
    metrics: dict[str, float]


class StoppingRule(Protocol):
    """Decides which running trials end early. It knows nothing but what it was told, so a resume can tell it again.

    For each attempt of a trial come `judge` with its evaluations in their order, then `end`. An attempt that is
    to be run again is forgotten by `forget`.
    """

    def judge(self, number: int, evaluation: Evaluation) -> str | None:
        """Take an evaluation; return in words why the trial should end, or None if it should go on."""
        ...

    def end(self, number: int, *, completed: bool) -> None:
        """Take the end of a trial; `completed` if it reached its own."""
        ...

    def forget(self, number: int) -> None:
        """Forget a trial's evaluations."""
        ...

    def state(self, number: int) -> Any:
        """Return what `restore` needs of a trial besides its evaluations, as JSON data; None for nothing."""
        ...

    def restore(self, number: int, evaluations: Sequence[Evaluation], state: Any, *, completed: bool) -> None:
        """Take a trial that ended in an earlier run of the study."""
        ...


def common_losses(
    objectives: Sequence[Objective], compared: Sequence[Mapping[str, float]]
) -> tuple[list[Objective], list[tuple[float, ...]]]:
    """Return the objectives that every one of the compared has, and their values turned so that less is better.

    An objective that is known only at the end of a trial (a latency, a size) is thus left out.
    """
    shared = [item for item in objectives if all(item.metric in metrics for metrics in compared)]
    losses = [
        tuple(-metrics[item.metric] if item.direction == "maximize" else metrics[item.metric] for item in shared)
        for metrics in compared
    ]
    return shared, losses


def has_nan(metrics: Mapping[str, float]) -> bool:
    """Return whether one of the values is not a number."""
    return any(math.isnan(value) for value in metrics.values())


def describe_values(objectives: Sequence[Objective], metrics: Mapping[str, float]) -> str:
    """Return `accuracy 0.41, latency 12`."""
    return ", ".join(f"{item.metric} {metrics[item.metric]:.4g}" for item in objectives if item.metric in metrics)


def describe_share(kept: int, factor: int, total: int) -> str:
    """Return `the best of 4`, or `among the best 1/3 of 7`."""
    return f"the best of {total}" if kept == 1 else f"among the best 1/{factor} of {total}"
