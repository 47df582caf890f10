"""Metrics of a classification, from counts that are gathered a batch at a time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ("PredictionCounts",)


class PredictionCounts:
    """How often each class was taken for each; memory grows with the pairs that occur, not with the data.

    Args:
        classes: Number of classes.
        ignored: Label of a place that is not judged.
    """

    def __init__(self, classes: int, ignored: int = -100) -> None:
        self._classes = classes
        self._ignored = ignored
        self._counts: Counter[int] = Counter()
        self._loss = 0.0

    @property
    def total(self) -> int:
        """Number of places judged."""
        return self._counts.total()

    def add(self, labels: np.ndarray[Any, Any], predictions: np.ndarray[Any, Any], loss: float) -> None:
        """Count a batch.

        Args:
            labels: True classes, whole numbers of any shape.
            predictions: Predicted classes, the same shape.
            loss: Sum of the losses of the judged places.
        """
        import numpy as np

        judged = labels != self._ignored
        codes = labels[judged].astype(np.int64) * self._classes + predictions[judged]
        values, counts = np.unique(codes, return_counts=True)
        self._counts.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        self._loss += loss

    def compute(self) -> dict[str, float]:
        """Return loss, accuracy, f1, f1Weighted, precision and recall of everything counted.

        Means over classes are over those that are in the labels or the predictions; a class that was never
        predicted has precision 0, one that never is the label recall 0.

        Raises:
            ValueError: if nothing was counted.
        """
        import numpy as np
        from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

        if not self._counts:
            raise ValueError("nothing was judged")
        true, predicted = np.divmod(np.fromiter(self._counts.keys(), dtype=np.int64), self._classes)
        # The counts as weights give scikit-learn's own figures of the places one by one.
        weights = np.fromiter(self._counts.values(), dtype=np.float64)
        precision, recall, f1, _ = precision_recall_fscore_support(
            true, predicted, sample_weight=weights, average="macro", zero_division=0
        )
        weighted = f1_score(true, predicted, sample_weight=weights, average="weighted", zero_division=0)
        return {
            "loss": self._loss / self.total,
            "accuracy": float(accuracy_score(true, predicted, sample_weight=weights)),
            "f1": float(f1),
            "f1Weighted": float(weighted),
            "precision": float(precision),
            "recall": float(recall),
        }
