"""What each task measures, and what a search reaches for by default. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from persopt.domain.objectives import Objective
from persopt.domain.programs import TaskName

__all__ = ("DEFAULT_OBJECTIVES", "PROGRESS_METRICS", "TASK_METRICS")

_CLASSIFICATION: Final = ("loss", "accuracy", "f1", "f1Weighted", "precision", "recall")

TASK_METRICS: Final[Mapping[TaskName, tuple[str, ...]]] = MappingProxyType(
    {"text-classification": _CLASSIFICATION, "token-classification": _CLASSIFICATION}
)
"""Metrics of an evaluation on the validation split.

`loss` is the mean cross-entropy (never smoothed, so that trials compare); `f1`, `precision` and `recall` are
means over the classes (macro), `f1Weighted` is weighted by the classes' sizes. Of texts each counts once, of
tokens each word's first one.
"""

PROGRESS_METRICS: Final = ("trainLoss", "learningRate")
"""Metrics reported between evaluations: mean training loss since the last report, rate of the last step."""

DEFAULT_OBJECTIVES: Final[Mapping[TaskName, Objective]] = MappingProxyType(
    {
        "text-classification": Objective(metric="accuracy", direction="maximize"),
        "token-classification": Objective(metric="accuracy", direction="maximize"),
    }
)
"""What a task's search reaches for when nothing is said."""
