"""Data of causal language modelling: documents, joined and cut into blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from persopt.data.batches import PaddingCollator
from persopt.data.column_kinds import LABELS_PATH, TEXTS_PATH, ColumnKinds, DetectedColumns
from persopt.data.tasks.base import Collator, DataTask, Processor
from persopt.data.tasks.text_classification import find_texts
from persopt.data.tokenization import IGNORED, ROWS
from persopt.domain.errors import DataError, ModelError
from persopt.domain.programs import DataSpec

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from persopt.data.preparation import PreparedData

__all__ = ("LanguageModelingData",)

_TASK: Final = "causal-language-modeling"


class LanguageModelingData(DataTask):
    """Documents (one a row) are tokenized, joined into one stream, and cut into blocks.

    A document is followed by the end-of-text token, and preceded by the beginning-of-text token where the
    tokenizer has one of its own; where it has none, an end-of-text token stands before the first document. So every
    token of every document, and each end, is predicted exactly once: a block's last token is predicted by it and
    read by the next. What a beginning-of-text token would be predicted from is not judged.
    """

    classes = False
    stratified = False

    @override
    def find_columns(self, train: Dataset, kinds: ColumnKinds, data: DataSpec) -> DetectedColumns:
        """Return the column of the texts; there is no label."""
        if data.label_column is not None:
            raise DataError(f"{_TASK} learns from texts alone; leave it out", path=LABELS_PATH)
        texts = find_texts(train, kinds, data, _TASK, None)
        if len(texts) > 1:
            raise DataError(f"{_TASK} takes one column of texts", path=TEXTS_PATH)
        return DetectedColumns(task=_TASK, text_columns=texts, label_column=None)

    @override
    def check_split(self, name: str, split: Dataset, columns: DetectedColumns) -> None:
        """Make sure that some text is not empty."""
        column = columns.text_columns[0]
        if not any(text and text.strip() for text in split[column][:]):
            raise DataError(f"all texts of the split {name!r} are empty in {column}", path=TEXTS_PATH)

    @override
    def schema(self, prepared: PreparedData, processor: Processor) -> pa.Schema:
        """Return the columns `input_ids`, `labels` (the token that follows each) and `length`."""
        import pyarrow as pa

        ids = pa.list_(pa.int32())
        return pa.schema([("input_ids", ids), ("labels", ids), ("length", pa.int32())])

    @override
    def encode(
        self, prepared: PreparedData, split: str, processor: Processor, max_length: int
    ) -> Iterator[dict[str, list[Any]]]:
        """Give the blocks of a split; all but the last have `max_length` tokens."""
        begin, end = _boundaries(processor)
        column = prepared.data.text_columns[0]
        dataset = prepared.splits[split].select_columns([column])
        stream: list[int] = [] if begin is not None else [end]
        for start in range(0, dataset.num_rows, ROWS):
            texts = [text for text in dataset[start : start + ROWS][column] if text and text.strip()]
            for ids in _tokenize(processor, texts):
                stream += [*([] if begin is None else [begin]), *ids, end]
            blocks = (len(stream) - 1) // max_length
            yield _cut(stream, blocks, max_length, begin)
            stream = stream[blocks * max_length :]  # begins with the token that the last block ends before
        if len(stream) > 1:
            yield _cut(stream, 1, max_length, begin)

    @override
    def make_collator(self, processor: Processor, multiple_of: int = 1, *, judging: bool = False) -> Collator:
        """Return what pads the last block."""
        return PaddingCollator(processor, multiple_of)


def _boundaries(tokenizer: Processor) -> tuple[int | None, int]:
    """Return the token before each document, if there is one, and that after it."""
    end = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else tokenizer.sep_token_id
    if end is None:
        raise ModelError("the tokenizer has no end-of-text token, which keeps documents apart", path="$.baseModelPath")
    begin = tokenizer.bos_token_id
    return (None if begin == end else begin), int(end)


def _tokenize(tokenizer: Processor, texts: Sequence[str]) -> list[list[int]]:
    if not texts:
        return []
    encoded = tokenizer(
        list(texts),
        add_special_tokens=False,
        padding=False,
        truncation=False,
        return_attention_mask=False,
        return_token_type_ids=False,
        verbose=False,
    )
    return encoded["input_ids"]  # type: ignore[no-any-return]


def _cut(stream: Sequence[int], blocks: int, size: int, begin: int | None) -> dict[str, list[Any]]:
    starts = range(0, blocks * size, size)
    inputs = [list(stream[start : start + size][: len(stream) - 1 - start]) for start in starts]
    labels = [
        [IGNORED if token == begin else token for token in stream[start + 1 : start + 1 + size]] for start in starts
    ]
    return {"input_ids": inputs, "labels": labels, "length": [len(block) for block in inputs]}
