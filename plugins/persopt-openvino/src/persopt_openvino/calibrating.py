"""Static quantization: NNCF's post-training quantization with ranges from calibration data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from persopt.domain.errors import ModelError
from persopt.plugins import QuantizationRequest
from persopt_openvino.libraries import load_nncf
from persopt_openvino.options import OpenvinoOptions

__all__ = ("quantize_static",)

_ALPHA: Final = 0.95  # NNCF's own
_ALPHA_OF_TENSORS: Final = 0.5  # what 0.95 moves spoils weights that have one scale: 0.69 of accuracy in place of 0.82
_OFF: Final = -1.0


def quantize_static(
    model: Any,
    options: OpenvinoOptions,
    request: QuantizationRequest,
    kept: Sequence[str],
    calibration: Iterable[Mapping[str, np.ndarray[Any, Any]]],
) -> Any:
    """Return the model with weights and activations in 8 bits; embeddings are weights too.

    Args:
        model: An `openvino.Model` in float32.
        options: The backend's options.
        request: What was asked for.
        kept: Names of operators that stay in floating point.
        calibration: Batches of inputs.

    Raises:
        ModelError: if there are no batches, or an input of the model is missing in them.
    """
    nncf = load_nncf()
    batches = [_fit(model, batch) for batch in calibration]
    if not batches:
        raise ModelError("static quantization needs calibration data, and there is not one batch")
    preset = nncf.QuantizationPreset.PERFORMANCE if request.activation_symmetric else nncf.QuantizationPreset.MIXED
    return nncf.quantize(
        model,
        nncf.Dataset(batches),
        model_type=nncf.ModelType.TRANSFORMER,
        preset=preset,
        subset_size=len(batches),
        ignored_scope=nncf.IgnoredScope(names=list(kept), validate=False) if kept else None,
        advanced_parameters=_advanced(nncf, options, request),
    )


def _fit(model: Any, batch: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    names = [port.get_any_name() for port in model.inputs]
    missing = [name for name in names if name not in batch]
    if missing:
        raise ModelError(f"the calibration data have no {', '.join(missing)}; the model takes {', '.join(names)}")
    return {name: batch[name] for name in names}


def _advanced(nncf: Any, options: OpenvinoOptions, request: QuantizationRequest) -> Any:
    from nncf.quantization import advanced_parameters as advanced

    mode = _schemes()
    return nncf.AdvancedQuantizationParameters(
        disable_bias_correction=not options.bias_correction,
        weights_quantization_params=advanced.QuantizationParameters(
            mode=mode.SYMMETRIC if request.symmetric else mode.ASYMMETRIC, per_channel=request.per_channel
        ),
        activations_range_estimator_params=_ranges(request),
        smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(matmul=_alpha(options, request)),
    )


def _alpha(options: OpenvinoOptions, request: QuantizationRequest) -> float:
    if not options.smooth:
        return _OFF
    if options.smooth_alpha is not None:
        return options.smooth_alpha
    return _ALPHA if request.per_channel else _ALPHA_OF_TENSORS


def _schemes() -> Any:
    from nncf.common.quantization.structs import QuantizationScheme

    return QuantizationScheme


def _ranges(request: QuantizationRequest) -> Any:
    """Say how NNCF finds a range.

    `min-max` is the smallest and largest value of all rows; `percentile` the mean over the rows of each row's
    quantiles, so that as much as asked for lies between both; `mse` is NNCF's search on a histogram.
    """
    from nncf.quantization import range_estimator as ranges

    if request.ranges == "mse":
        return ranges.RangeEstimatorParametersSet.HISTOGRAM
    if request.ranges == "min-max":
        return ranges.RangeEstimatorParametersSet.MINMAX
    outside = (1 - request.percentile / 100) / 2
    side = ranges.StatisticsCollectorParameters(
        statistics_type=ranges.StatisticsType.QUANTILE,
        aggregator_type=ranges.AggregatorType.MEAN,
        quantile_outlier_prob=outside,
    )
    return ranges.RangeEstimatorParameters(min=side, max=side)
