"""Turning rows into token ids, a batch at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from persopt.data.labels import RowLabel

if TYPE_CHECKING:
    import pyarrow as pa
    from transformers import PreTrainedTokenizerBase

    from persopt.data.preparation import PreparedData

__all__ = ("IGNORED", "ROWS", "encode_texts", "text_schema", "tokenize_rows")

IGNORED: Final = -100
"""The label of a token that is not judged: a special token, or a later part of a word."""

ROWS: Final = 1000
"""Rows that are read and encoded at a time."""


def encode_texts(
    prepared: PreparedData, split: str, tokenizer: PreTrainedTokenizerBase, max_length: int
) -> Iterator[dict[str, list[Any]]]:
    """Give the rows of a split of classified texts (or lists of words) as `tokenize_rows` does, some at a time."""
    dataset = prepared.splits[split].select_columns(prepared.data.text_columns)
    labels = prepared.row_labels[split]
    ids = {name: index for index, name in enumerate(prepared.labels)}
    for start in range(0, dataset.num_rows, ROWS):
        texts = dataset[start : start + ROWS]
        columns = [texts[name] for name in prepared.data.text_columns]
        yield tokenize_rows(tokenizer, columns, labels[start : start + ROWS], ids, max_length)


def text_schema(prepared: PreparedData, tokenizer: PreTrainedTokenizerBase, *, in_words: bool) -> pa.Schema:
    """Return the columns of classified texts.

    `input_ids`; `token_type_ids` for pairs, if the tokenizer gives them; `labels` (one, or with `in_words` one for
    each token, `IGNORED` where it is not judged); `length` in tokens.
    """
    import pyarrow as pa

    fields = [("input_ids", pa.list_(pa.int32()))]
    if len(prepared.data.text_columns) > 1 and _has_types(tokenizer):
        fields.append(("token_type_ids", pa.list_(pa.int8())))
    fields.append(("labels", pa.list_(pa.int32()) if in_words else pa.int64()))
    fields.append(("length", pa.int32()))
    return pa.schema(fields)


def tokenize_rows(
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[Sequence[Any]],
    labels: Sequence[RowLabel],
    ids: dict[str, int],
    max_length: int,
) -> dict[str, list[Any]]:
    """Tokenize rows.

    Args:
        tokenizer: A fast tokenizer.
        texts: One column of texts, two of pairs, or one of lists of words; a null is taken for an empty text.
        labels: The label of each row, or the labels of its words.
        ids: Id of each label.
        max_length: Longer texts are cut to so many tokens, special ones included.

    Returns:
        `input_ids`, `labels`, `length`, and `token_type_ids` if the tokenizer gives them for pairs. Of a word's
        tokens the first has its label.
    """
    in_words = any(isinstance(label, tuple) for label in labels)
    columns: list[list[Any]] = [[text or ([] if in_words else "") for text in column] for column in texts]
    if in_words and _needs_spaces(tokenizer):
        columns = [[[f" {word}" for word in words] for words in column] for column in columns]
    encoded: Any = tokenizer(
        *columns,
        is_split_into_words=in_words,
        truncation=True,
        max_length=max_length,
        padding=False,
        return_attention_mask=False,
        return_token_type_ids=_has_types(tokenizer) and len(texts) > 1,
    )
    batch: dict[str, list[Any]] = dict(encoded)
    batch["length"] = [len(row) for row in batch["input_ids"]]
    if in_words:
        batch["labels"] = [
            list(_align(encoding.word_ids, [ids[str(tag)] for tag in row or ()]))
            for encoding, row in zip(encoded.encodings, labels, strict=True)
        ]
    else:
        batch["labels"] = [ids[str(label)] for label in labels]
    return batch


def _align(word_ids: Sequence[int | None], tags: Sequence[int]) -> Iterator[int]:
    before: int | None = None
    for word in word_ids:
        yield IGNORED if word is None or word == before else tags[word]
        before = word


def _has_types(tokenizer: PreTrainedTokenizerBase) -> bool:
    return "token_type_ids" in tokenizer.model_input_names


def _needs_spaces(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Return whether words must bring their space along: byte-level BPE knows most words only with it."""
    backend: Any = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None or backend.pre_tokenizer is None:
        return False
    state = json.loads(backend.pre_tokenizer.__getstate__())
    parts = [state, *state.get("pretokenizers", ())]
    levels = [part for part in parts if part.get("type") == "ByteLevel"]
    return bool(levels) and not any(part.get("add_prefix_space") for part in levels)
