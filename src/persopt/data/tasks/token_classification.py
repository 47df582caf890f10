"""Data of token classification: lists of words with lists of tags."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from persopt.data.batches import PaddingCollator
from persopt.data.column_kinds import LABELS_PATH, TEXTS_PATH, ColumnKinds, DetectedColumns
from persopt.data.labels import read_labels
from persopt.data.tasks.base import Collator, DataTask, Processor
from persopt.data.tasks.text_classification import check_label_kind, find_label, find_texts
from persopt.data.tokenization import encode_texts, text_schema
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from persopt.data.preparation import PreparedData

__all__ = ("TokenClassificationData",)


class TokenClassificationData(DataTask):
    """The tags are the column of lists with a usual name, the words the other one; each word needs one tag."""

    classes = True
    stratified = False

    @override
    def find_columns(self, train: Dataset, kinds: ColumnKinds, data: DataSpec) -> DetectedColumns:
        """Return the columns that are named, else found."""
        label = data.label_column or find_label(train, kinds, data, "token-classification")
        check_label_kind(label, kinds, "token-classification")
        texts = find_texts(train, kinds, data, "token-classification", label)
        if data.text_columns and len(texts) > 1:
            raise DataError("token-classification takes one column of lists of words", path=TEXTS_PATH)
        return DetectedColumns(task="token-classification", text_columns=texts, label_column=label)

    @override
    def check_split(self, name: str, split: Dataset, columns: DetectedColumns) -> None:
        """Make sure that each word has a tag."""
        assert columns.label_column is not None  # this task's columns always have one
        labels = read_labels(split, columns.label_column)
        for number, (words, tags) in enumerate(zip(split[columns.text_columns[0]][:], labels, strict=True), 1):
            if len(words or ()) != len(tags or ()):
                raise DataError(
                    f"row {number} of the split {name!r} has {len(words or ())} words in {columns.text_columns[0]!r} "
                    f"but {len(tags or ())} tags in {columns.label_column!r}; each word needs one",
                    path=LABELS_PATH,
                )

    @override
    def schema(self, prepared: PreparedData, processor: Processor) -> pa.Schema:
        """Return the columns `input_ids`, `labels` (one for each token) and `length`."""
        return text_schema(prepared, processor, in_words=True)

    @override
    def encode(
        self, prepared: PreparedData, split: str, processor: Processor, max_length: int
    ) -> Iterator[dict[str, list[Any]]]:
        """Give the rows of a split as token ids."""
        return encode_texts(prepared, split, processor, max_length)

    @override
    def make_collator(self, processor: Processor, multiple_of: int = 1, *, judging: bool = False) -> Collator:
        """Return what pads to the longest of a batch."""
        return PaddingCollator(processor, multiple_of)
