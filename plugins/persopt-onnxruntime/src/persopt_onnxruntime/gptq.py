"""GPTQ: each rounding's error is made up for by the weights not rounded yet (Frantar et al., arXiv:2210.17323)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from persopt_onnxruntime.schemes import Blocks, quantize_blocks

__all__ = ("round_by_gptq",)

_DAMPING: Final = 0.01  # of the mean diagonal, as in the paper's code
_LAZY: Final = 128  # inputs after which the others are brought up to date


def round_by_gptq(
    rows: np.ndarray[Any, Any], hessian: np.ndarray[Any, Any], block: int, *, bits: int, symmetric: bool
) -> Blocks:
    """Round the weights (outputs, inputs) one input after the other, in their order.

    Args:
        rows: The weights.
        hessian: Sum of x'x over the calibration data (inputs, inputs).
        block: Consecutive inputs that share a scale; it is found when the first of them is reached.
        bits: 8 or less.
        symmetric: Whether the zero point is the middle.
    """
    inputs, outputs = rows.shape[1], rows.shape[0]
    columns = np.ascontiguousarray(rows.T, np.float64)  # (inputs, outputs): what is gone through lies together
    inverse = _inverse_root(hessian, columns)
    count = -(-inputs // block)
    integers = np.full((count * block, outputs), 2 ** (bits - 1), np.uint8)
    scale = np.ones((count, outputs), np.float32)
    zero_points = np.full((count, outputs), 2 ** (bits - 1), np.uint8)
    for start in range(0, inputs, _LAZY):
        stop = min(start + _LAZY, inputs)
        errors = np.zeros((stop - start, outputs))
        for column in range(start, stop):
            group = column // block
            if column % block == 0:
                ahead = columns[column : column + block].copy()
                if column + block > stop:  # a block that reaches beyond what is up to date
                    ahead[stop - column :] -= inverse[start:stop, stop : column + block].T @ errors
                found = quantize_blocks(ahead.T.astype(np.float32), block, bits=bits, symmetric=symmetric)
                scale[group], zero_points[group] = found.scale[:, 0], found.zero_points[:, 0]
            steps = np.clip(np.round(columns[column] / scale[group]) + zero_points[group], 0, 2**bits - 1)
            integers[column] = steps
            error = (columns[column] - (steps - zero_points[group]) * scale[group]) / inverse[column, column]
            columns[column + 1 : stop] -= np.outer(inverse[column, column + 1 : stop], error)
            errors[column - start] = error
        columns[stop:] -= inverse[start:stop, stop:].T @ errors
    integers[inputs:] = zero_points[-1]
    shaped = integers.T.reshape(outputs, count, block)
    return Blocks(shaped, np.ascontiguousarray(scale.T), np.ascontiguousarray(zero_points.T))


def _inverse_root(hessian: np.ndarray[Any, Any], columns: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the upper Cholesky factor of the damped inverse; inputs that were always 0 lose their weights."""
    damped = hessian.astype(np.float64)
    dead = np.diag(damped) == 0
    damped[dead, dead] = 1
    columns[dead] = 0
    damped[np.diag_indices_from(damped)] += _DAMPING * np.mean(np.diag(damped))
    root: np.ndarray[Any, Any] = np.linalg.cholesky(np.linalg.inv(damped)).T
    return root
