"""What each task measures, and what a search reaches for by default. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from persopt.domain.objectives import Objective
from persopt.domain.programs import TaskName
from persopt.tuning.tasks import PROGRESS_METRICS, TUNING_TASKS

__all__ = ("DEFAULT_OBJECTIVES", "PROGRESS_METRICS", "TASK_METRICS")

TASK_METRICS: Final[Mapping[TaskName, tuple[str, ...]]] = MappingProxyType(
    {name: task.metrics for name, task in TUNING_TASKS.items()}
)
"""Metrics of an evaluation on the validation split; what they are stands with each task in `persopt.tuning.tasks`.

`loss` is the mean cross-entropy (never smoothed, so that trials compare).
"""

DEFAULT_OBJECTIVES: Final[Mapping[TaskName, Objective]] = MappingProxyType(
    {name: task.objective for name, task in TUNING_TASKS.items()}
)
"""What a task's search reaches for when nothing is said."""
