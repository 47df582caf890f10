"""Affine quantization: integers that stand for evenly spaced real numbers, zero always among them exactly.

A value x becomes q = clip(round(x / scale) + zero point, lowest, highest) and stands for (q - zero point) * scale
(Jacob et al., arXiv:1712.05877). Halves are rounded to even, as ONNX and PyTorch do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

from msgspec import Meta, Struct

if TYPE_CHECKING:
    from torch import Tensor

__all__ = (
    "Parameters",
    "Quantized",
    "ScaleGranularity",
    "Scheme",
    "choose_parameters",
    "dequantize",
    "fake_quantize",
    "find_range",
    "parameters_of_range",
    "quantize",
    "quantize_tensor",
)

ScaleGranularity = Literal["tensor", "channel", "token", "group"]

_SMALLEST_SCALE: Final = 2.0**-126  # the least normal float32: a tensor of zeros has a scale too


class Scheme(Struct, frozen=True, kw_only=True):
    """Form of the integers, and what shares a scale.

    Attributes:
        bits: Of an integer.
        symmetric: The zero point is 0 and the integers are -highest to highest: -127 to 127 at 8 bits, -7 to 7 at 4.
            Otherwise they are 0 to 2 ** bits - 1 and the range reaches from the least to the greatest value.
        granularity: `tensor`: one scale. `channel`: one for each entry of the first dimension (of a weight: an
            output). `token`: one for each position, all dimensions but the last. `group`: one for `group_size`
            consecutive entries of the last dimension; the last group may be shorter.
        group_size: With `group`.
    """

    bits: Annotated[int, Meta(ge=2, le=8)] = 8
    symmetric: bool = True
    granularity: ScaleGranularity = "channel"
    group_size: Annotated[int, Meta(ge=1)] = 32

    @property
    def lowest(self) -> int:
        """The least integer."""
        return -self.highest if self.symmetric else 0

    @property
    def highest(self) -> int:
        """The greatest integer."""
        return int(2 ** (self.bits - 1) - 1 if self.symmetric else 2**self.bits - 1)


class Parameters(NamedTuple):
    """Scale (float32, positive) and zero point (int32): scalars, or one for each channel, token or group."""

    scale: Tensor
    zero_point: Tensor


class Quantized(NamedTuple):
    """Integers (int8 if symmetric, else uint8) in the shape of what they stand for, and their parameters."""

    values: Tensor
    parameters: Parameters


def find_range(tensor: Tensor, scheme: Scheme) -> tuple[Tensor, Tensor]:
    """Return the least and the greatest value of what shares a scale, zero included."""
    blocks = _split(tensor.detach(), scheme)
    return blocks.amin(dim=-1).clamp(max=0), blocks.amax(dim=-1).clamp(min=0)


def parameters_of_range(low: Tensor, high: Tensor, scheme: Scheme) -> Parameters:
    """Return the scale and the zero point with which the integers reach from `low` to `high`.

    Where the zero point has to be rounded, the ends move by at most half a step; a value within the range is off by
    at most half a step all the same.

    Args:
        low: Least values, at most 0.
        high: Greatest values, at least 0.
        scheme: Form of the integers.
    """
    import torch

    low, high = low.float(), high.float()
    if scheme.symmetric:
        scale = torch.maximum(-low, high) / scheme.highest
    else:
        scale = high / scheme.highest - low / scheme.highest  # high - low could overflow
    scale = scale.clamp(min=_SMALLEST_SCALE)
    if scheme.symmetric:
        return Parameters(scale, torch.zeros_like(scale, dtype=torch.int32))
    zero_point = (scheme.lowest - low / scale).round().clamp(scheme.lowest, scheme.highest)
    return Parameters(scale, zero_point.to(torch.int32))


def choose_parameters(tensor: Tensor, scheme: Scheme) -> Parameters:
    """Return the parameters with which nothing of the tensor lies outside (min-max)."""
    return parameters_of_range(*find_range(tensor, scheme), scheme)


def quantize(tensor: Tensor, parameters: Parameters, scheme: Scheme) -> Tensor:
    """Return the integers, in the tensor's shape; values outside the range become the nearest end."""
    import torch

    blocks = _split(tensor.detach().float(), scheme)
    scale, zero_point = (one.unsqueeze(-1) for one in parameters)
    values = ((blocks / scale).round() + zero_point).clamp(scheme.lowest, scheme.highest)
    return _join(values.to(torch.int8 if scheme.symmetric else torch.uint8), tensor.shape, scheme)


def dequantize(values: Tensor, parameters: Parameters, scheme: Scheme) -> Tensor:
    """Return the real numbers (float32) that integers stand for."""
    scale, zero_point = (one.unsqueeze(-1) for one in parameters)
    blocks = _split(values.float(), scheme)
    return _join((blocks - zero_point) * scale, values.shape, scheme)


def quantize_tensor(tensor: Tensor, scheme: Scheme) -> Quantized:
    """Return the integers of a tensor and the parameters chosen for it."""
    parameters = choose_parameters(tensor, scheme)
    return Quantized(quantize(tensor, parameters, scheme), parameters)


def fake_quantize(tensor: Tensor, scheme: Scheme, parameters: Parameters | None = None) -> Tensor:
    """Return the tensor as it is after quantizing and dequantizing, in its own type; carries no gradient.

    Args:
        tensor: Any floating-point tensor.
        scheme: Form of the integers.
        parameters: Known ones, such as calibrated; by default chosen for this tensor.
    """
    chosen = choose_parameters(tensor, scheme) if parameters is None else parameters
    return dequantize(quantize(tensor, chosen, scheme), chosen, scheme).to(tensor.dtype)


def _split(tensor: Tensor, scheme: Scheme) -> Tensor:
    """Return a view (a padded copy if a group is short) whose last dimension is what shares a scale."""
    match scheme.granularity:
        case "tensor":
            return tensor.reshape(-1)
        case "channel":
            return tensor.reshape(tensor.shape[0], -1)
        case "token":
            return tensor
        case "group":
            short = -tensor.shape[-1] % scheme.group_size
            if short:
                from torch.nn.functional import pad

                tensor = pad(tensor, (0, short))  # zeros, which every range includes
            return tensor.reshape(*tensor.shape[:-1], -1, scheme.group_size)


def _join(blocks: Tensor, shape: tuple[int, ...], scheme: Scheme) -> Tensor:
    if scheme.granularity == "group":
        return blocks.flatten(-2)[..., : shape[-1]]
    return blocks.reshape(shape)
