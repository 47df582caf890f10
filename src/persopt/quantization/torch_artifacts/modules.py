"""The layers that run an artifact of torch's backend, in place of the linear layers and embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import linear

from persopt.quantization.schemes import (
    Parameters,
    Quantized,
    Scheme,
    choose_parameters,
    dequantize,
    fake_quantize,
)
from persopt.quantization.torch_artifacts.layers import Activation

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("IntegerLinear", "QuantizedEmbedding", "QuantizedLinear", "has_integer_kernels")

_MIDDLE = 128
_SMALLEST = 1e-12
_NO_FRACTION = 1.5 * 2**23
_INSIDE = 1 - 2**-22  # so that neither end of a range is rounded out of 0 to 255, whatever the float32 of the factor


class _QuantizedModule(nn.Module):
    """Keeps integers, one a byte, their scales and zero points."""

    values: Tensor
    scale: Tensor
    zero_point: Tensor
    weight: Tensor

    def __init__(self, weight: Quantized, scheme: Scheme) -> None:
        super().__init__()
        self.scheme = scheme
        self.register_buffer("values", weight.values)
        self.register_buffer("scale", weight.parameters.scale)
        self.register_buffer("zero_point", weight.parameters.zero_point)
        # Models look at the type of a layer's weight (T5 does before it casts); int8 is what they leave alone.
        self.register_buffer("weight", torch.empty(0, dtype=torch.int8), persistent=False)

    def dequantized(self) -> Tensor:
        """Return the weight in float32."""
        return dequantize(self.values, Parameters(self.scale, self.zero_point), self.scheme)


class QuantizedLinear(_QuantizedModule):
    """Makes its weight of the integers at each call, and computes in floating point; runs on any device.

    An activation that is to be quantized is rounded as integer kernels would have it.
    """

    bias: Tensor | None

    def __init__(self, weight: Quantized, scheme: Scheme, bias: Tensor | None, activation: Activation | None) -> None:
        super().__init__(weight, scheme)
        self.activation = activation
        self.register_buffer("bias", bias)

    def forward(self, values: Tensor) -> Tensor:
        """Return values @ weight^T + bias."""
        if self.activation is not None:
            values = _round_activation(values, self.activation)
        return linear(values, self.dequantized().to(values.dtype), self.bias)


class IntegerLinear(nn.Module):
    """8-bit integers times 8-bit integers by oneDNN, on a CPU; weights have no zero point."""

    scale: Tensor
    zero_point: Tensor
    weight: Tensor
    sums: Tensor
    bias: Tensor | None

    def __init__(self, weight: Quantized, bias: Tensor | None, activation: Activation) -> None:
        super().__init__()
        self.activation = activation
        self.outputs = weight.values.shape[0]
        self.packed = torch.ops.onednn.qlinear_prepack(weight.values.contiguous(), None)
        self.register_buffer("scale", weight.parameters.scale.reshape(-1).contiguous())
        self.register_buffer("zero_point", torch.zeros_like(self.scale, dtype=torch.int32))
        self.register_buffer("bias", bias)
        # What a shift of all inputs by one adds to each output, in the weight's steps and then in reals.
        self.register_buffer("sums", weight.values.long().sum(dim=1) * self.scale)
        self.register_buffer("weight", torch.empty(0, dtype=torch.int8), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """Return values @ weight^T + bias, the values quantized."""
        rows = values.reshape(-1, values.shape[-1])
        if not len(rows):
            return values.new_empty(*values.shape[:-1], self.outputs)
        activation = self.activation
        if activation.granularity == "token":
            result = self._multiply_tokens(rows)
        else:
            scale, zero_point = _find_parameters(rows, activation)
            known = activation.scale is not None
            integers = _to_integers(rows, 1 / scale if known else _INSIDE / scale, zero_point, clamp=known)
            result = self._multiply(integers, scale, zero_point, self.bias)
        return result.reshape(*values.shape[:-1], self.outputs)

    def _multiply_tokens(self, rows: Tensor) -> Tensor:
        """Take the scales of tokens out of the product, which has room for one."""
        if self.activation.symmetric:
            scales = (rows.abs().amax(dim=-1, keepdim=True) / 127).clamp(min=_SMALLEST)
            integers = _to_integers(rows / scales, _INSIDE, _MIDDLE, clamp=False)
            result = self._multiply(integers, 1.0, _MIDDLE, None) * scales
        else:
            low, high = rows.aminmax(dim=-1, keepdim=True)
            low, high = low.clamp(max=0), high.clamp(min=0)
            scales = ((high - low) / 255).clamp(min=_SMALLEST)
            shifts = (-low / scales).round_()
            integers = _to_integers(rows / scales + shifts, 1.0, 0, clamp=True)
            result = torch.addcmul(self._multiply(integers, 1.0, 0, None), shifts, self.sums, value=-1) * scales
        return result if self.bias is None else result.add_(self.bias)

    def _multiply(self, integers: Tensor, scale: float, zero_point: int, bias: Tensor | None) -> Tensor:
        result: Tensor = torch.ops.onednn.qlinear_pointwise(
            integers, scale, zero_point, self.packed, self.scale, self.zero_point, bias, 1.0, 0, torch.float32,
            "none", [], "",
        )  # fmt: skip
        return result


class QuantizedEmbedding(_QuantizedModule):
    """Looks the integers up and makes them real, row by row."""

    def forward(self, numbers: Tensor) -> Tensor:
        """Return the rows of these numbers in float32."""
        rows, flat = self.values[numbers.flatten()], numbers.flatten()
        if self.scheme.granularity == "tensor":
            parameters = Parameters(self.scale, self.zero_point)
        else:
            parameters = Parameters(self.scale[flat], self.zero_point[flat])
        return dequantize(rows, parameters, self.scheme).reshape(*numbers.shape, -1)


def has_integer_kernels() -> bool:
    """Return whether oneDNN's integer products can be used here."""
    return torch.backends.mkldnn.is_available() and hasattr(torch.ops.onednn, "qlinear_pointwise")  # type: ignore[no-untyped-call]


def _find_parameters(rows: Tensor, activation: Activation) -> tuple[float, int]:
    """Return the scale of a whole input and its zero point, of integers from 0 to 255."""
    if activation.scale is not None:
        return activation.scale, activation.zero_point
    low, high = (float(end) for end in rows.aminmax())
    if activation.symmetric:
        return max(-low, high, _SMALLEST) / 127, _MIDDLE
    low, high = min(low, 0.0), max(high, 0.0)
    scale = max((high - low) / 255, _SMALLEST)
    return scale, round(-low / scale)


def _to_integers(values: Tensor, factor: float, zero_point: int, *, clamp: bool) -> Tensor:
    """Return round(values * factor) + zero point in uint8.

    A float32 between 2**23 and 2**24 has no fraction, so that adding rounds (halves to even) and leaves the integer
    in the lowest bits; PyTorch's conversion of float32 to uint8 goes by way of int64, one number after another.

    Args:
        values: In floating point.
        factor: One over the scale.
        zero_point: From 0 to 255.
        clamp: Whether integers may lie outside of 0 to 255.
    """
    shift = torch.full((), zero_point + _NO_FRACTION)
    shifted = torch.add(shift, values.float(), alpha=factor)
    if clamp:
        shifted.clamp_(_NO_FRACTION, _NO_FRACTION + 255)
    return shifted.view(torch.int32).to(torch.uint8)


def _round_activation(values: Tensor, activation: Activation) -> Tensor:
    scheme = Scheme(bits=8, symmetric=activation.symmetric, granularity=activation.granularity)
    if activation.scale is None:
        return fake_quantize(values, scheme, choose_parameters(values, scheme))
    unsigned = Scheme(bits=8, symmetric=False, granularity="tensor")
    fixed = Parameters(
        torch.tensor(activation.scale, device=values.device),
        torch.tensor(activation.zero_point, device=values.device),
    )
    return fake_quantize(values, unsigned, fixed)
