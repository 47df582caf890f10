"""What torch's backend stores of a quantized layer, and 4-bit integers two in a byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from persopt.quantization.schemes import Parameters, Quantized, Scheme

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("Activation", "LayerRecord", "read_layer", "write_layer")

_PACKED_BITS = 4
_SIGN = 8


class Activation(Struct, frozen=True, kw_only=True):
    """How a layer's input is quantized, to 8 bits.

    Attributes:
        granularity: One scale for the input, or one for each token.
        symmetric: Whether the zero point is the middle, 128.
        scale: Of a static range; None where the range is that of each call.
        zero_point: With it, of integers from 0 to 255.
    """

    granularity: Literal["tensor", "token"] = "tensor"
    symmetric: bool = False
    scale: float | None = None
    zero_point: int = 128


class LayerRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a module of the model has become.

    Attributes:
        names: Of the modules, more than one where they are the same.
        stored: Name of the module whose tensors these are: an embedding and a linear layer may share them.
        kind: `linear` (outputs first, those of a Conv1D too) or `embedding`.
        shape: Of the weight.
        scheme: Form of the integers.
        activation: How the input is quantized; None if it stays floating point.
        bias: Whether the tensors have a bias.
    """

    names: tuple[str, ...]
    stored: str
    kind: Literal["linear", "embedding"]
    shape: tuple[int, int]
    scheme: Scheme
    activation: Activation | None = None
    bias: bool = False


def write_layer(record: LayerRecord, weight: Quantized, bias: Tensor | None) -> dict[str, Tensor]:
    """Return a layer's tensors by the names that they have in the file."""
    import torch

    name, parameters = record.stored, weight.parameters
    values = _pack(weight.values) if record.scheme.bits == _PACKED_BITS else weight.values
    tensors = {f"{name}.values": values.contiguous(), f"{name}.scale": parameters.scale.float().contiguous()}
    if not record.scheme.symmetric:
        tensors[f"{name}.zero_point"] = parameters.zero_point.to(torch.uint8).contiguous()
    if bias is not None:
        tensors[f"{name}.bias"] = bias.detach().float().contiguous()
    return tensors


def read_layer(record: LayerRecord, tensors: dict[str, Any]) -> tuple[Quantized, Tensor | None]:
    """Return a layer's integers, one a byte, and its bias.

    Raises:
        KeyError: if a tensor is missing.
    """
    import torch

    name = record.stored
    values, scale = tensors[f"{name}.values"], tensors[f"{name}.scale"]
    if record.scheme.bits == _PACKED_BITS:
        values = _unpack(values, record.shape[1], symmetric=record.scheme.symmetric)
    zero_point = torch.zeros_like(scale, dtype=torch.int32)
    if not record.scheme.symmetric:
        zero_point = tensors[f"{name}.zero_point"].to(torch.int32)
    return Quantized(values, Parameters(scale, zero_point)), tensors[f"{name}.bias"] if record.bias else None


def _pack(values: Tensor) -> Tensor:
    """Put the entries of even columns into the low halves of bytes, of odd ones into the high."""
    import torch
    from torch.nn.functional import pad

    halves = (values.to(torch.int16) & 15).to(torch.uint8)
    halves = pad(halves, (0, halves.shape[1] % 2))
    return halves[:, 0::2] | (halves[:, 1::2] << 4)


def _unpack(packed: Tensor, columns: int, *, symmetric: bool) -> Tensor:
    import torch

    halves = torch.stack([packed & 15, packed >> 4], dim=-1).flatten(1)[:, :columns]
    if not symmetric:
        return halves.contiguous()
    return ((halves ^ _SIGN).to(torch.int8) - _SIGN).contiguous()
