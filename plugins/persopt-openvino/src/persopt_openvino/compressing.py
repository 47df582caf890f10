"""Weights in 8 or 4 bits by NNCF; activations stay floating point, or are quantized by OpenVINO as they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from persopt.domain.errors import ModelError
from persopt.plugins import QuantizationRequest
from persopt_openvino.libraries import load_nncf
from persopt_openvino.options import OpenvinoOptions

__all__ = ("choose_group", "compress_weights", "linear_widths")

_GROUPS: Final = (128, 64, 32)
"""Groups of dynamic quantization, the fastest first: with 128, twice as fast as with OpenVINO's own 32."""

_SMALLEST_GROUP: Final = 16


def compress_weights(
    model: Any,
    options: OpenvinoOptions,
    request: QuantizationRequest,
    kept: Sequence[str],
    calibration: Iterable[Mapping[str, np.ndarray[Any, Any]]] | None,
) -> Any:
    """Return the model with its weights in fewer bits; with 4 bits, embeddings have those of the options.

    Args:
        model: An `openvino.Model` in float32.
        options: The backend's options.
        request: What was asked for.
        kept: Names of operators that stay in floating point.
        calibration: Batches of inputs, for GPTQ.

    Raises:
        ModelError: if GPTQ was asked for and there are no batches.
    """
    nncf = load_nncf()
    given: dict[str, Any] = {}
    if kept:
        given["ignored_scope"] = nncf.IgnoredScope(names=list(kept), validate=False)
    modes = nncf.CompressWeightsMode
    if request.bits == 8:  # noqa: PLR2004 - bits
        return nncf.compress_weights(model, mode=modes.INT8_SYM if request.symmetric else modes.INT8_ASYM, **given)
    if request.rounding == "gptq":
        names = [port.get_any_name() for port in model.inputs]
        batches = [{name: batch[name] for name in names} for batch in calibration or ()]
        if not batches:
            raise ModelError("GPTQ needs calibration data, and there is not one batch")
        given |= {"dataset": nncf.Dataset(batches), "subset_size": len(batches), "gptq": True}
        given["scale_estimation"] = options.scale_estimation
    advanced = nncf.AdvancedCompressionParameters(
        group_size_fallback_mode=nncf.GroupSizeFallbackMode.ADJUST, min_adjusted_group_size=_SMALLEST_GROUP
    )
    return nncf.compress_weights(
        model,
        mode=modes.INT4_SYM if request.symmetric else modes.INT4_ASYM,
        ratio=1.0,
        group_size=request.group_size,
        all_layers=options.embedding_bits == 4,  # noqa: PLR2004 - bits
        backup_mode=nncf.BackupMode.INT8_SYM if request.symmetric else nncf.BackupMode.INT8_ASYM,
        advanced_parameters=advanced,
        **given,
    )


def linear_widths(model: Any, kept: Collection[str] = ()) -> Counter[int]:
    """Count the weights of linear layers in a float model by the number of their inputs, all but the kept operators."""
    widths: Counter[int] = Counter()
    for operator in model.get_ops():
        if operator.get_type_name() != "MatMul" or operator.get_friendly_name() in kept:
            continue
        weight = operator.input_value(1)
        if weight.get_node().get_type_name() != "Constant" or len(weight.get_shape()) != 2:  # noqa: PLR2004 - a matrix
            continue
        rows, columns = weight.get_shape()
        widths[columns if operator.get_attributes()["transpose_b"] else rows] += rows * columns
    return widths


def choose_group(widths: Counter[int], wanted: int | None, largest: int | None) -> tuple[int, int]:
    """Choose how many consecutive activations share a scale.

    OpenVINO leaves a layer's activations in floating point where the group does not divide its inputs, or, with
    weights in groups, is larger than those.

    Args:
        widths: What `linear_widths` gives.
        wanted: A size that the user asked for.
        largest: The weights' group, if they have one.

    Returns:
        The group, and how many weights meet activations that stay floating point.
    """
    choices = [wanted] if wanted else [size for size in _GROUPS if largest is None or largest % size == 0]
    left = {size: sum(count for width, count in widths.items() if width % size) for size in choices or [_GROUPS[-1]]}
    group = min(left, key=lambda size: left[size])
    return group, left[group]
