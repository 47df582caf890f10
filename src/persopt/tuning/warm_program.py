"""What the trials of one process share: the tokenizer or image processor, the mapped data, the way to a fresh model."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from persopt.data.tokenized import TokenizedData, tokenized_dataset
from persopt.domain.programs import TrainingProgram
from persopt.models.description import describe_model
from persopt.models.loading import load_for_task, load_processor

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ("WarmProgram", "open_program")


class WarmProgram:
    """A program with its tokenizer or image processor loaded and its data mapped.

    Args:
        program: The program.

    Attributes:
        program: The same.
        processor: The model's tokenizer, or its image processor.
    """

    def __init__(self, program: TrainingProgram) -> None:
        from pathlib import Path

        self.program = program
        self.processor: Any = load_processor(program.model, program.task)
        self._longest = describe_model(Path(program.model)).max_tokens
        self._data: dict[int, TokenizedData] = {}

    def map_data(self, max_length: int) -> TokenizedData:
        """Return the tokenized data with texts of at most so many tokens, and no more than the model takes."""
        length = max_length if self._longest is None else min(max_length, self._longest)
        if length not in self._data:
            self._data[length] = tokenized_dataset(self.program, length, self.processor)
        return self._data[length]

    def load_model(self, labels: list[str], dropouts: Mapping[str, float] | None = None) -> PreTrainedModel:
        """Return a fresh copy of the base model, a new head drawn from torch's generator."""
        return load_for_task(self.program.model, self.program.task, labels, dropouts)


def open_program(program: TrainingProgram) -> WarmProgram:
    """Return the program with what it shares; the last one opened stays open in this process."""
    return _open(msgspec.json.encode(program))


@functools.lru_cache(maxsize=1)
def _open(encoded: bytes) -> WarmProgram:
    return WarmProgram(msgspec.json.decode(encoded, type=TrainingProgram))
