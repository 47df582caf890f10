"""Weights in 16 bits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from persopt.plugins import FloatType
from persopt_openvino.libraries import load_openvino

__all__ = ("cast_weights",)

_LARGEST_HALF = 65504.0


def cast_weights(model: Any, float_type: FloatType, kept: Collection[str]) -> int:
    """Replace the float32 constants of a model by 16 bits and a conversion back, in place.

    Rounds to the nearest even, as PyTorch does; single numbers stay as they are, and so do tensors with values that
    half precision has not.

    Args:
        model: An `openvino.Model`.
        float_type: The type.
        kept: Names of operators whose constants stay in float32.

    Returns:
        How many tensors half precision could not hold.
    """
    openvino = load_openvino()
    too_large = 0
    for constant in list(model.get_ops()):
        if not _is_weight(openvino, constant):
            continue
        consumers = constant.output(0).get_target_inputs()
        if any(consumer.get_node().get_friendly_name() in kept for consumer in consumers):
            continue
        values = constant.data
        if float_type == "fp16" and float(np.abs(values).max(initial=0)) > _LARGEST_HALF:
            too_large += 1
            continue
        kind = openvino.Type.f16 if float_type == "fp16" else openvino.Type.bf16
        shrunk = openvino.opset13.constant(_round(values, float_type), dtype=kind)
        shrunk.set_friendly_name(constant.get_friendly_name())
        back = openvino.opset13.convert(shrunk, "f32")
        back.set_friendly_name(f"{constant.get_friendly_name()}/convert")
        for consumer in consumers:
            consumer.replace_source_output(back.output(0))
    return too_large


def _is_weight(openvino: Any, operator: Any) -> bool:
    if operator.get_type_name() != "Constant" or operator.get_element_type() != openvino.Type.f32:
        return False
    return bool(np.prod(operator.get_output_shape(0)) > 1)


def _round(values: np.ndarray[Any, Any], float_type: FloatType) -> np.ndarray[Any, Any]:
    """Round to what the type holds; OpenVINO's own way to bfloat16 is not to the nearest."""
    import torch

    kind = torch.float16 if float_type == "fp16" else torch.bfloat16
    return torch.from_numpy(values.copy()).to(kind).float().numpy()
