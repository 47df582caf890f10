"""The tasks as a search and its trainings see them: one object each, in one table. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from persopt.domain.objectives import Objective
from persopt.domain.programs import TaskName
from persopt.tuning.tasks.base import Judge, JudgeRequest, TuningTask
from persopt.tuning.tasks.classification import Classification
from persopt.tuning.tasks.language_modeling import LanguageModeling
from persopt.tuning.tasks.sequence_to_sequence import SequenceToSequence

__all__ = (
    "PROGRESS_METRICS",
    "TUNING_TASKS",
    "Judge",
    "JudgeRequest",
    "TuningTask",
    "default_objective",
    "final_metrics",
)

TUNING_TASKS: Final[Mapping[TaskName, TuningTask]] = MappingProxyType(
    {
        "text-classification": Classification(),
        "token-classification": Classification(),
        "causal-language-modeling": LanguageModeling(),
        "translation": SequenceToSequence(Objective(metric="bleu", direction="maximize")),
        "summarization": SequenceToSequence(Objective(metric="rougeL", direction="maximize")),
        "image-classification": Classification(),
    }
)

PROGRESS_METRICS: Final = ("trainLoss", "learningRate")
"""Metrics reported between evaluations: mean training loss since the last report, rate of the last step."""


def default_objective(task: TaskName) -> Objective:
    """Return what a task's search reaches for when nothing is said."""
    return TUNING_TASKS[task].objective


def final_metrics(task: TaskName) -> tuple[str, ...]:
    """Return the names that a finished training's metrics have; an objective must name one of them."""
    return (*TUNING_TASKS[task].metrics, PROGRESS_METRICS[0])
