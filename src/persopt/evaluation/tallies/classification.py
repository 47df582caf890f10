"""Classification: for each class how often it was right, told and true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from persopt.data.tokenization import IGNORED
from persopt.evaluation.tallies.base import TalliedRows, Tally, Writer, cross_entropies

if TYPE_CHECKING:
    import numpy as np

__all__ = ("ClassTally",)


class ClassTally(Tally):
    """Metrics as `persopt.tuning.metrics` computes them.

    Of each row are kept the loss, the number of judged places and, by class, how many of them were given that class
    rightly, how many were given it, and how many are of it.

    Args:
        classes: Number of classes.
    """

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._losses: list[Any] = []
        self._places: list[Any] = []
        self._answers: list[Any] = []
        self._truth: list[Any] = []

    @override
    def add(self, logits: Any, batch: Mapping[str, Any], writer: Writer | None) -> None:
        """Keep each row's classes."""
        labels = batch["labels"]
        losses, places = cross_entropies(logits, labels)
        self._losses.append(losses)
        self._places.append(places)
        for truth, answer in zip(labels.numpy(), logits.argmax(-1).numpy(), strict=True):
            judged = truth != IGNORED
            self._truth.append(truth[judged].reshape(-1))
            self._answers.append(answer[judged].reshape(-1))

    @override
    def compute(self) -> TalliedRows:
        """Return the counts by row, sparse: most rows hold few classes."""
        import numpy as np
        from scipy.sparse import csr_array, hstack

        rows = len(self._truth)
        sizes = [len(truth) for truth in self._truth]
        where = np.repeat(np.arange(rows), sizes)
        truth, answers = (np.concatenate(part).astype(np.int64) for part in (self._truth, self._answers))
        right = truth == answers
        columns = [(where[right], truth[right]), (where, answers), (where, truth)]
        counts = [csr_array((np.ones(len(row)), (row, column)), shape=(rows, self._classes)) for row, column in columns]
        plain = csr_array(np.stack([np.concatenate(self._losses), np.concatenate(self._places)], axis=1))
        single = bool(rows) and all(size == 1 for size in sizes)
        return TalliedRows(
            csr_array(hstack([plain, *counts])),
            right if single else None,
            [int(answer[0]) for answer in self._answers] if single else [answer.tolist() for answer in self._answers],
        )

    @override
    def score(self, sums: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
        """Return loss, accuracy, f1, f1Weighted, precision and recall; means are over the classes that occur."""
        import numpy as np

        loss, places = sums[..., 0], sums[..., 1]
        right, told, true = (sums[..., 2 + part * self._classes : 2 + (part + 1) * self._classes] for part in range(3))
        occurs = (told + true) > 0
        classes = np.maximum(occurs.sum(axis=-1), 1)
        f1 = 2 * right / np.where(occurs, told + true, 1.0)
        return {
            "loss": _divide(loss, places),
            "accuracy": _divide(right.sum(axis=-1), places),
            "f1": f1.sum(axis=-1) / classes,
            "f1Weighted": _divide((f1 * true).sum(axis=-1), places),
            "precision": (right / np.where(told > 0, told, 1.0)).sum(axis=-1) / classes,
            "recall": (right / np.where(true > 0, true, 1.0)).sum(axis=-1) / classes,
        }


def _divide(part: np.ndarray[Any, Any], whole: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the quotient, no number where there is nothing to divide by."""
    import numpy as np

    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)
