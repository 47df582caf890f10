"""The way from a request to an artifact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from persopt.domain.errors import ModelError
from persopt.plugins import QuantizationRequest
from persopt_openvino.artifacts import RunSettings, save_model
from persopt_openvino.calibrating import quantize_static
from persopt_openvino.casting import cast_weights
from persopt_openvino.compressing import choose_group, compress_weights, linear_widths
from persopt_openvino.conversion import convert_checkpoint
from persopt_openvino.keeping import kept_operators
from persopt_openvino.libraries import quiet
from persopt_openvino.options import OpenvinoOptions

__all__ = ("quantize_checkpoint",)

_FULL: Final = 32
_HALF: Final = 16
_EIGHT: Final = 8


def quantize_checkpoint(
    options: OpenvinoOptions,
    request: QuantizationRequest,
    calibration: Iterable[Mapping[str, np.ndarray[Any, Any]]] | None,
) -> list[str]:
    """Convert, quantize and save a checkpoint; return what to know about the result."""
    model = convert_checkpoint(request.model)
    kept = kept_operators(model, request.keep)
    if request.bits < _HALF and kept and not linear_widths(model, set(kept)):
        raise ModelError("every linear layer is kept, so nothing could be quantized", path="$.config.keep")
    precision = _choose_precision(options, request)
    notes: list[str] = []
    group = 0
    with quiet():
        if request.bits == _HALF:
            notes += _cast(model, request, kept)
        elif request.bits != _FULL and request.method in ("static", "qat"):
            model = quantize_static(model, options, request, kept, calibration or ())
        elif request.bits != _FULL:
            if request.method == "dynamic":
                group, said = _choose_group(model, options, request)
                notes += said
            model = compress_weights(model, options, request, kept, calibration)
        save_model(model, Path(request.output), RunSettings(precision=precision, dynamic_group_size=group))
    if precision == "bf16":
        notes.append("what stays floating point is computed in bfloat16 on CPUs that have it, in float32 on others")
    return notes


def _choose_precision(options: OpenvinoOptions, request: QuantizationRequest) -> Literal["f32", "bf16"]:
    if options.inference_precision != "auto":
        return options.inference_precision
    if request.bits == _HALF:
        return "bf16" if request.float_type == "bf16" else "f32"
    rough = request.bits < _HALF and request.method != "weight-only"
    return "bf16" if rough else "f32"


def _cast(model: Any, request: QuantizationRequest, kept: list[str]) -> list[str]:
    too_large = cast_weights(model, request.float_type, set(kept))
    notes = []
    if request.float_type == "fp16":
        notes.append("OpenVINO computes in float32 on CPUs: half precision halves the file, not the time")
    if too_large:
        notes.append(f"{too_large} tensors stay in float32: half precision cannot hold their largest values")
    return notes


def _choose_group(model: Any, options: OpenvinoOptions, request: QuantizationRequest) -> tuple[int, list[str]]:
    widths = linear_widths(model)
    group, left = choose_group(
        widths, options.dynamic_group_size, None if request.bits == _EIGHT else request.group_size
    )
    notes = [f"activations share a scale in groups of {group} values of a token"]
    if left:
        share = 100 * left / sum(widths.values())
        notes.append(
            f"layers whose inputs {group} does not divide, {share:.0f} % of the weights, keep their activations in"
            " floating point"
        )
    return group, notes
