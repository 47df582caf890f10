"""The largest difference between what ONNX Runtime and PyTorch give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from persopt.domain.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

__all__ = ("Comparison",)


class Comparison:
    """Compares outputs, and keeps the largest difference.

    Args:
        tolerance: Largest difference allowed, times the largest output or 1, whichever is greater.

    Attributes:
        largest: The greatest difference so far.
    """

    def __init__(self, tolerance: float) -> None:
        self.largest = 0.0
        self._tolerance = tolerance

    def add(
        self, name: str, found: np.ndarray[Any, Any], expected: Tensor, shape: tuple[int, ...], mask: Any = None
    ) -> None:
        """Compare one output.

        Args:
            name: Of the output.
            found: What ONNX Runtime gave.
            expected: What PyTorch gave.
            shape: Of the first input, for the error.
            mask: Which rows and positions count; None means all.

        Raises:
            ModelError: if the shapes are different, or the values by more than the tolerance.
        """
        import torch

        given = torch.from_numpy(found)
        if given.shape != expected.shape:
            raise ModelError(
                f"ONNX gives {name} of shape {tuple(given.shape)} where PyTorch gives {tuple(expected.shape)}"
            )
        if mask is not None:
            given, expected = given[mask.bool()], expected[mask.bool()]
        difference = float((given - expected).abs().max())
        if not difference <= self._tolerance * max(1.0, float(expected.abs().max())):
            raise ModelError(
                f"ONNX gives other {name} than PyTorch for inputs of shape {shape}: they differ by up to "
                f"{difference:.3g}, the tolerance is {self._tolerance:g}"
            )
        self.largest = max(self.largest, difference)
