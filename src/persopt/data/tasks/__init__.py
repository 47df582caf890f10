"""The tasks as the data know them: a task is one object, and the table here is the list of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from persopt.data.column_kinds import ColumnKinds
from persopt.data.tasks.base import Collator, DataTask, Processor
from persopt.data.tasks.image_classification import ImageClassificationData
from persopt.data.tasks.language_modeling import LanguageModelingData
from persopt.data.tasks.sequence_to_sequence import SequenceToSequenceData, guess_pair
from persopt.data.tasks.text_classification import TextClassificationData, find_label
from persopt.data.tasks.token_classification import TokenClassificationData
from persopt.domain.programs import DataSpec, TaskName

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ("DATA_TASKS", "Collator", "DataTask", "Processor", "guess_task")

DATA_TASKS: Final[Mapping[TaskName, DataTask]] = MappingProxyType(
    {
        "text-classification": TextClassificationData(),
        "token-classification": TokenClassificationData(),
        "causal-language-modeling": LanguageModelingData(),
        "translation": SequenceToSequenceData("translation"),
        "summarization": SequenceToSequenceData("summarization"),
        "image-classification": ImageClassificationData(),
    }
)


def guess_task(train: Dataset, kinds: ColumnKinds, data: DataSpec) -> TaskName:
    """Return the task that a data set's columns tell of.

    Raises:
        DataError: if no column, or more than one, could be the label.
    """
    if "image" in kinds.values():
        return "image-classification"
    pair = guess_pair(train, kinds, data)
    if pair is not None:
        return pair.task
    label = data.label_column or find_label(train, kinds, data)
    return "token-classification" if kinds[label] in ("texts", "classes") else "text-classification"
