"""Batches of texts of like length, padded to the longest of the batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from persopt.data.tokenization import IGNORED

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

__all__ = ("LengthGroupedSampler", "LengthSortedSampler", "PaddingCollator", "read_lengths")


def read_lengths(dataset: Dataset) -> np.ndarray[Any, Any]:
    """Return the length in tokens of each row of a tokenized split, shape (rows,)."""
    import numpy as np

    return np.asarray(dataset.with_format("numpy")["length"][:])


class LengthGroupedSampler:
    """Row indices in an order whose batches are alike in length, another in every epoch.

    Rows are shuffled, sorted by length within windows of `window` batches, cut into batches, and the batches
    shuffled. The batch of the longest row comes first, so that a lack of memory shows at once; an incomplete
    batch comes last. Each row is given once an epoch. It serves as the `sampler` of a torch `DataLoader`.

    Args:
        lengths: Length of each row.
        batch_size: Rows of a batch.
        seed: With the epoch decides the order.
        window: Batches that are sorted together; 1 gives plain shuffling.
    """

    def __init__(
        self, lengths: Sequence[int] | np.ndarray[Any, Any], batch_size: int, seed: int, window: int = 50
    ) -> None:
        self._lengths = lengths
        self._batch_size = batch_size
        self._seed = seed
        self._window = window
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._lengths)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch, counted from 0; Accelerate and the Trainer call it."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        import numpy as np

        lengths = np.asarray(self._lengths)
        random = np.random.default_rng((self._seed, self._epoch))
        order = random.permutation(len(lengths))
        size = self._batch_size * self._window
        for start in range(0, len(order), size):
            part = order[start : start + size]
            order[start : start + size] = part[np.argsort(-lengths[part], kind="stable")]
        whole = len(order) - len(order) % self._batch_size
        batches = order[:whole].reshape(-1, self._batch_size)
        random.shuffle(batches)
        if len(batches):
            longest = int(lengths[batches].max(axis=1).argmax())
            batches[[0, longest]] = batches[[longest, 0]]
        yield from batches.ravel().tolist()
        yield from order[whole:].tolist()


class LengthSortedSampler:
    """Row indices from the longest row to the shortest, for evaluation, where the order does not matter."""

    def __init__(self, lengths: Sequence[int] | np.ndarray[Any, Any]) -> None:
        self._lengths = lengths

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        import numpy as np

        yield from np.argsort(-np.asarray(self._lengths), kind="stable").tolist()


class PaddingCollator:
    """Makes a batch of tensors from rows of a tokenized split.

    Args:
        tokenizer: Tells the padding token and side, and the model's inputs.
        multiple_of: Pad to a multiple of so many tokens (8 suits tensor cores).
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, multiple_of: int = 1) -> None:
        self._padding = int(tokenizer.pad_token_id or 0)
        self._left = tokenizer.padding_side == "left"
        self._multiple = multiple_of

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
        """Return `input_ids`, `attention_mask` and, where the rows have them, `token_type_ids` and `labels`.

        All are int64 of shape (rows, longest), except labels that are single: shape (rows,).
        """
        import torch

        longest = max(len(row["input_ids"]) for row in rows)
        width = -(-longest // self._multiple) * self._multiple
        batch = {
            "input_ids": self._pad([row["input_ids"] for row in rows], width, self._padding),
            "attention_mask": self._pad([[1] * len(row["input_ids"]) for row in rows], width, 0),
        }
        if "token_type_ids" in rows[0]:
            batch["token_type_ids"] = self._pad([row["token_type_ids"] for row in rows], width, 0)
        if "labels" in rows[0]:
            labels = [row["labels"] for row in rows]
            single = isinstance(labels[0], int)
            batch["labels"] = torch.tensor(labels) if single else self._pad(labels, width, IGNORED)
        return batch

    def _pad(self, lists: Sequence[Sequence[int]], width: int, value: int) -> Tensor:
        import torch

        if self._left:
            return torch.tensor([[value] * (width - len(items)) + list(items) for items in lists])
        return torch.tensor([list(items) + [value] * (width - len(items)) for items in lists])
