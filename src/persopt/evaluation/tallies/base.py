"""What is kept of each row, so that every metric can be had of any choice of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np

__all__ = ("TalliedRows", "Tally", "Writer", "cross_entropies")


class TalliedRows(Struct, frozen=True):
    """Rows judged.

    Attributes:
        sums: Shape (rows, sums), an array or a sparse one of SciPy, whose sums over rows decide the metrics.
        right: Of each row whether it is right, where a row is one answer; else None.
        answers: What the model answers for each row: a class, classes, a text, or nothing.
    """

    sums: Any
    right: Any
    answers: list[Any]


class Writer(Protocol):
    """A model that writes texts."""

    @property
    def device(self) -> Any:
        """Where its inputs are to be."""
        ...

    def generate(self, **settings: Any) -> Any:
        """Return the tokens written, shape (rows, tokens)."""
        ...


class Tally(Protocol):
    """Gathers rows batch by batch, and computes metrics from their sums."""

    def add(self, logits: Any, batch: Mapping[str, Any], writer: Writer | None) -> None:
        """Keep what counts of a batch.

        Args:
            logits: Of the model, a float tensor of shape (rows, ..., classes).
            batch: The batch, with `labels`.
            writer: What writes texts, for the tasks that need it.
        """
        ...

    def compute(self) -> TalliedRows:
        """Return all rows in the order in which they were added."""
        ...

    def score(self, sums: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
        """Return the metrics, each of shape (...), from sums over rows of shape (..., sums)."""
        ...


def cross_entropies(logits: Any, labels: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the summed cross-entropy of each row and the number of its judged places, both of shape (rows,).

    Args:
        logits: Shape (rows, ..., classes); computed in float32, as tuning's judges do, and summed in float64.
        labels: Shape (rows, ...), -100 where a place is not judged.
    """
    from torch.nn.functional import cross_entropy

    from persopt.data.tokenization import IGNORED

    losses = cross_entropy(
        logits.reshape(-1, logits.shape[-1]).float(), labels.reshape(-1), ignore_index=IGNORED, reduction="none"
    )
    rows = len(labels)
    judged = (labels != IGNORED).reshape(rows, -1).sum(dim=1)
    return losses.reshape(rows, -1).double().sum(dim=1).numpy(), judged.numpy()
