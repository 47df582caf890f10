"""What each task measures, and what a search reaches for by default. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from persopt.domain.objectives import Objective
from persopt.domain.programs import MeasuredMetric, TaskName
from persopt.tuning.tasks import PROGRESS_METRICS, TUNING_TASKS

__all__ = ("DEFAULT_OBJECTIVES", "MEASURED_METRICS", "PROGRESS_METRICS", "SECONDS", "TASK_METRICS")

TASK_METRICS: Final[Mapping[TaskName, tuple[str, ...]]] = MappingProxyType(
    {name: task.metrics for name, task in TUNING_TASKS.items()}
)
"""Metrics of an evaluation on the validation split; what they are stands with each task in `persopt.tuning.tasks`.

`loss` is the mean cross-entropy (never smoothed, so that trials compare).
"""

SECONDS: Final = "seconds"
"""Metric of a trial's time, which a trial that does not report it has all the same."""

MEASURED_METRICS: Final[tuple[MeasuredMetric, ...]] = ("seconds", "latency", "size", "parameters")
"""Metrics of a training that are measured only when an objective, a constraint or `training.measure` names them.

`seconds` is the time of the training up to the evaluation, earlier evaluations included; `latency` the median
time in milliseconds of a forward pass of one validation row on the device of the training; `size` the bytes of
the saved checkpoint, its tokenizer included; `parameters` their number.
"""

DEFAULT_OBJECTIVES: Final[Mapping[TaskName, Objective]] = MappingProxyType(
    {name: task.objective for name, task in TUNING_TASKS.items()}
)
"""What a task's search reaches for when nothing is said."""
