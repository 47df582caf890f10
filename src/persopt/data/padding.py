"""Batches of pairs of texts: one to read, one to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from persopt.data.batches import PaddingCollator
from persopt.data.tokenization import IGNORED

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ("SequenceCollator",)


class SequenceCollator:
    """Makes a batch from rows whose labels are tokens of a text of another length.

    Args:
        tokenizer: Tells the padding token and side.
        multiple_of: Pad to a multiple of so many tokens.
        references: Give the targets' texts too.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, multiple_of: int = 1, *, references: bool = False) -> None:
        self._inputs = PaddingCollator(tokenizer, multiple_of)
        self._multiple = multiple_of
        self._references = references

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return `input_ids`, `attention_mask` and `labels`, int64 of shape (rows, longest).

        Labels are padded on the right, whatever the side of the inputs. `references` is a list of texts.
        """
        import torch

        batch: dict[str, Any] = dict(self._inputs([{"input_ids": row["input_ids"]} for row in rows]))
        width = -(-max(len(row["labels"]) for row in rows) // self._multiple) * self._multiple
        labels = [list(row["labels"]) + [IGNORED] * (width - len(row["labels"])) for row in rows]
        batch["labels"] = torch.tensor(labels)
        if self._references:
            batch["references"] = [row["reference"] for row in rows]
        return batch
