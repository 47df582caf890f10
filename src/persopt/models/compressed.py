"""Whether the weights of a checkpoint are plain numbers, or written in fewer bits already."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from persopt.domain.errors import ModelError
from persopt.models.description import read_config
from persopt.models.headers import TensorHeader, find_weights, read_header

__all__ = ("FLOAT_TYPES", "check_uncompressed")

FLOAT_TYPES: Final = ("F32", "F16", "BF16", "F64")
"""Safetensors' names of the types of plain weights."""


def check_uncompressed(model: Path, purpose: str, path: str = "$.modelPath") -> list[TensorHeader]:
    """Return all tensors of a checkpoint whose weights are plain numbers.

    Args:
        model: Its folder.
        purpose: What needs them, such as `pruning`.
        path: Field that named the model.

    Raises:
        ModelError: if they are quantized, compressed or sparsely encoded, or cannot be read.
    """
    tensors = [tensor for file in find_weights(model) for tensor in read_header(file, path)]
    reason = _explain(read_config(model, path), tensors)
    if reason is not None:
        raise ModelError(f"{model} {reason}; {purpose} needs the original floating-point weights", path=path)
    return tensors


def _explain(config: dict[str, Any], tensors: Iterable[TensorHeader]) -> str | None:
    """Say why a checkpoint's weights are not plain numbers; None if they are.

    Args:
        config: Its `config.json`.
        tensors: All of its tensors.
    """
    for field in ("quantization_config", "compression_config"):
        if config.get(field):
            return f"is quantized or compressed: its config.json has `{field}`"
    known = list(tensors)
    if config.get("sparsity_config") or any(tensor.name.endswith(".bitmask") for tensor in known):
        return "is sparsely encoded"
    odd = next((one for one in known if len(one.shape) > 1 and one.dtype not in FLOAT_TYPES), None)
    if odd is not None and odd.name.endswith((".weight", ".qweight", ".weight_packed")):
        return f"is quantized: {odd.name} is of type {odd.dtype}"
    return None
