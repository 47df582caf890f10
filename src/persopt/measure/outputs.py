"""How far the outputs of one model are from those of another on the same inputs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from persopt.domain.errors import ModelError
from persopt.domain.measurements import OutputError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

__all__ = ("OutputDifference", "compare_outputs")


class OutputDifference:
    """Gathers the difference of two streams of outputs, batch by batch; keeps sums only."""

    def __init__(self) -> None:
        self._largest = 0.0
        self._sum = 0.0
        self._values = 0
        self._cosines = 0.0
        self._rows = 0

    def add(self, original: Array, result: Array, mask: Array | None = None) -> None:
        """Add a batch.

        Args:
            original: Outputs of the original, shape (rows, ...).
            result: Outputs of the other, the same shape.
            mask: Where outputs have a place for each token, 1 at places that count (no padding), shape (rows, places).

        Raises:
            ModelError: if the shapes differ, or values are no finite numbers.
        """
        import numpy as np

        if original.shape != result.shape:
            raise ModelError(
                f"the result gives outputs of shape {result.shape} where the original gives {original.shape}"
            )
        one, other = (np.asarray(values, dtype=np.float64).reshape(len(values), -1) for values in (original, result))
        counted = np.ones(original.shape, dtype=bool)
        if mask is not None:
            counted &= (mask != 0).reshape(mask.shape + (1,) * (original.ndim - mask.ndim))
        counted = counted.reshape(one.shape)
        for name, values in (("original", one), ("result", other)):
            if not np.isfinite(values[counted]).all():
                raise ModelError(f"the {name} gives outputs that are no finite numbers")
        one, other = np.where(counted, one, 0.0), np.where(counted, other, 0.0)
        difference = np.abs(one - other)
        self._largest = max(self._largest, float(difference.max(initial=0.0)))
        self._sum += float(difference.sum())
        self._values += int(counted.sum())
        lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        dots = (one * other).sum(axis=1)
        # Two rows of zeros are the same, one of zeros and another are not alike at all.
        same = (difference.max(axis=1, initial=0.0) == 0).astype(np.float64)
        self._cosines += float(np.where(lengths > 0, dots / np.where(lengths > 0, lengths, 1.0), same).sum())
        self._rows += len(one)

    def compute(self) -> OutputError:
        """Return the difference of everything added.

        Raises:
            ValueError: if there was nothing.
        """
        if not self._values:
            raise ValueError("no outputs were compared")
        return OutputError(
            largest=self._largest,
            mean=self._sum / self._values,
            cosine=min(1.0, self._cosines / self._rows),
            rows=self._rows,
        )


def compare_outputs(pairs: Iterable[tuple[Array, Array] | tuple[Array, Array, Array]]) -> OutputError:
    """Return the difference of all pairs of batches (original, result, and perhaps a mask), see `OutputDifference`."""
    difference = OutputDifference()
    for pair in pairs:
        difference.add(*pair)
    return difference.compute()
