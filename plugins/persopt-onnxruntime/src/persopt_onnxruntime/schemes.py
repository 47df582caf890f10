"""Weights as integers: the whole matrix, a column or a block of a column shares a scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

__all__ = ("Blocks", "Columns", "pack_blocks", "pick_block", "quantize_blocks", "quantize_columns")

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Columns:
    """A matrix (inputs, outputs) as `scale * (integers - zero_point)`, in int8.

    Scale and zero point are of each column, or one of all and have no dimension.
    """

    integers: Array
    scale: Array
    zero_point: Array


@dataclass(frozen=True)
class Blocks:
    """Rows as `scale * (integers - zero_points)` with unsigned integers (rows, blocks, block); one scale a block."""

    integers: Array
    scale: Array
    zero_points: Array


def quantize_columns(weight: Array, *, symmetric: bool, per_channel: bool, bits: int = 8) -> Columns:
    """Round a matrix (inputs, outputs) to integers of so many bits, held in int8.

    Symmetric: from -(2**(bits-1) - 1) to 2**(bits-1) - 1, the zero point is 0. Otherwise the whole range of integers
    spans smallest to largest, 0 included.
    """
    axis = 0 if per_channel else None
    top = 2 ** (bits - 1) - 1
    if symmetric:
        scale = np.abs(weight).max(axis=axis) / top
        zero_point = np.zeros_like(scale)
    else:
        low, high = np.minimum(weight.min(axis=axis), 0), np.maximum(weight.max(axis=axis), 0)
        scale = (high - low) / (2 * top + 1)
        zero_point = np.round(-top - 1 - low / np.where(scale > 0, scale, 1))
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    integers = np.clip(np.round(weight / scale) + zero_point, -top - (not symmetric), top)
    return Columns(integers.astype(np.int8), np.asarray(scale), np.asarray(zero_point).astype(np.int8))


def quantize_blocks(rows: Array, block: int, *, bits: int, symmetric: bool) -> Blocks:
    """Round each row block by block; the last block may be partly beyond the row, filled with zeros.

    Symmetric: the zero point is the middle, 2**(bits-1), and the value farthest from 0 becomes the lowest integer, as
    in ONNX Runtime's own tools, so that no integer is wasted.
    """
    count = -(-rows.shape[1] // block)
    padded = np.pad(rows, ((0, 0), (0, count * block - rows.shape[1]))).reshape(len(rows), count, block)
    low, high = np.minimum(padded.min(-1), 0), np.maximum(padded.max(-1), 0)
    levels = 2**bits
    if symmetric:
        scale = np.where(-low > high, low, high) / -(levels // 2)
        scale = np.where(scale == 0, 1, scale)
        zero_points = np.full(scale.shape, levels // 2)
    else:
        scale = (high - low) / (levels - 1)
        scale = np.where(scale == 0, 1, scale)
        zero_points = np.clip(np.round(-low / scale), 0, levels - 1)
    scale = scale.astype(np.float32)
    integers = np.clip(np.round(padded / scale[..., None]) + zero_points[..., None], 0, levels - 1)
    return Blocks(integers.astype(np.uint8), scale, zero_points.astype(np.uint8))


def pack_blocks(integers: Array, bits: int) -> Array:
    """Put two integers of 4 bits into a byte along the last dimension, the first in the lower half.

    An odd last one stays alone; integers of 8 bits stay as they are.
    """
    if bits == 8:  # noqa: PLR2004 - a whole byte
        return integers
    if integers.shape[-1] % 2:
        integers = np.concatenate([integers, np.zeros_like(integers[..., :1])], axis=-1)
    packed: Array = integers[..., 0::2] | (integers[..., 1::2] << 4)
    return packed


def pick_block(width: int) -> int:
    """Return the largest block, of 16 to 128, that divides a width; 32 if none does."""
    return next((block for block in (128, 64, 32, 16) if width % block == 0), 32)
