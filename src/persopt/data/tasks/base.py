"""What the data of a task need: columns, checks, rows of numbers, batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from persopt.data.column_kinds import ColumnKinds, DetectedColumns
from persopt.domain.programs import DataSpec

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset
    from torch import Tensor

    from persopt.data.preparation import PreparedData

__all__ = ("Collator", "DataTask", "Processor")

Processor: TypeAlias = Any
"""What makes a model's inputs: its tokenizer, or its image processor."""


class Collator(Protocol):
    """Makes a batch of tensors from rows; `labels` are aligned with the model's logits, -100 is not judged."""

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
        """Return the model's inputs by their names."""
        ...


class DataTask(Protocol):
    """A task as the data know it. Stateless; light to import."""

    @property
    def classes(self) -> bool:
        """Whether the label column names classes, which training must know all of."""
        ...

    @property
    def stratified(self) -> bool:
        """Whether each row has one class, so that splits can keep the classes' shares."""
        ...

    def find_columns(self, train: Dataset, kinds: ColumnKinds, data: DataSpec) -> DetectedColumns:
        """Return the columns that are named, else found.

        Raises:
            DataError: if they are not of the task's kind, or none or several could be meant.
        """
        ...

    def check_split(self, name: str, split: Dataset, columns: DetectedColumns) -> None:
        """Make sure that the rows of a split, all of which have a label, can be used.

        Raises:
            DataError: names the split and the row.
        """
        ...

    def schema(self, prepared: PreparedData, processor: Processor) -> pa.Schema:
        """Return the columns of the prepared rows: the model's inputs, `labels`, and `length`."""
        ...

    def encode(
        self, prepared: PreparedData, split: str, processor: Processor, max_length: int
    ) -> Iterator[dict[str, list[Any]]]:
        """Give the rows of a split as numbers, some at a time, by the names of the schema.

        Raises:
            DataError: if a row cannot be read.
        """
        ...

    def make_collator(self, processor: Processor, multiple_of: int = 1, *, judging: bool = False) -> Collator:
        """Return what makes batches.

        Args:
            processor: The model's tokenizer or image processor.
            multiple_of: Texts are padded to a multiple of so many tokens.
            judging: The batches are for an evaluation, which may need more than training does.
        """
        ...
