"""Quantizing and multiplying as operations on tensors only, so that a graph can be made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("multiply_quantized", "quantize_rows")

_SMALLEST: Final = 1e-12
_TOP: Final = 255
_MIDDLE: Final = 128


def quantize_rows(
    rows: Tensor, *, symmetric: bool, given: tuple[Tensor, Tensor] | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Return rows as integers from 0 to 255 (uint8), their scale (float32) and zero point (int32), of no dimensions.

    Args:
        rows: At least one, in floating point.
        symmetric: Whether the zero point is the middle.
        given: The scale and the zero point of a static range, both float32; None where the range is that of the rows.
    """
    scale, zero_point = given or _find_parameters(rows, symmetric=symmetric)
    # Inductor would work these two out anew for each vector of the rows, divisions and all; what is strided is kept.
    factor, shift = (1 / scale).as_strided((), ()), zero_point.as_strided((), ())
    integers = (torch.round(rows * factor) + shift).clamp(0, _TOP).to(torch.uint8)
    return integers, scale, zero_point.to(torch.int32)


def multiply_quantized(
    values: Tensor,
    packed: Tensor,
    weight_scale: Tensor,
    weight_zero_point: Tensor,
    bias: Tensor | None,
    *,
    symmetric: bool,
    given: tuple[float, int] | None,
) -> Tensor:
    """Return values @ weight^T + bias in float32, the values quantized and multiplied by oneDNN.

    Args:
        values: `(..., inputs)`, in floating point.
        packed: The weight's integers, as oneDNN has packed them.
        weight_scale: `(outputs,)`.
        weight_zero_point: `(outputs,)`, zeros.
        bias: `(outputs,)`.
        symmetric: Whether the values' zero point is the middle.
        given: The scale and the zero point of a static range; None where the range is that of the values.
    """
    rows = values.reshape(-1, values.shape[-1])
    shape = (*values.shape[:-1], weight_scale.shape[0])
    if rows.shape[0] == 0:  # its length would be a number of its own, and the graph for that number alone
        return values.new_empty(shape)
    fixed = None if given is None else (weight_scale.new_full((), given[0]), weight_scale.new_full((), given[1]))
    integers, scale, zero_point = quantize_rows(rows, symmetric=symmetric, given=fixed)
    weight = (packed, weight_scale, weight_zero_point, bias)
    result: Tensor = torch.ops.onednn.qlinear_pointwise.tensor(
        integers, scale, zero_point, *weight, 1.0, 0, torch.float32, "none", [], ""
    )
    return result.reshape(shape)


def _find_parameters(rows: Tensor, *, symmetric: bool) -> tuple[Tensor, Tensor]:
    """Return the scale and the zero point, both in float32."""
    low, high = rows.aminmax()
    if symmetric:
        return torch.maximum(-low, high).clamp(min=_SMALLEST) / 127, rows.new_full((), _MIDDLE)
    low, high = low.clamp(max=0), high.clamp(min=0)
    scale = ((high - low) / _TOP).clamp(min=_SMALLEST)
    return scale, torch.round(-low / scale)
