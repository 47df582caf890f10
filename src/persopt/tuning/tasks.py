"""The tasks as a search sees them."""

from __future__ import annotations

from persopt.domain.objectives import Objective
from persopt.domain.programs import TaskName
from persopt.tuning.defaults import DEFAULT_OBJECTIVES, PROGRESS_METRICS, TASK_METRICS

__all__ = ("default_objective", "final_metrics")


def default_objective(task: TaskName) -> Objective:
    """Return what a task's search reaches for when nothing is said."""
    return DEFAULT_OBJECTIVES[task]


def final_metrics(task: TaskName) -> tuple[str, ...]:
    """Return the names that a finished training's metrics have; an objective must name one of them."""
    return (*TASK_METRICS[task], PROGRESS_METRICS[0])
