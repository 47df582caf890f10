"""From a spec to what a backend is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec
from persopt.plugins.contracts.quantization import QuantizationMethod, QuantizationRequest

__all__ = ("make_request",)

_WHOLE_BITS: Final = 8


def make_request(
    spec: QuantizeSpec,
    *,
    model: Path | None = None,
    output: Path | None = None,
    onnx: Path | None = None,
    graphs: Mapping[str, Path] | None = None,
) -> QuantizationRequest:
    """Return the request of a spec.

    With 4 bits only weights are quantized, so after a training for them the method is `weight-only`.

    Args:
        spec: What is asked for.
        model: The float32 checkpoint; by default the spec's.
        output: Where the artifact goes; by default the spec's.
        onnx: The model as one ONNX file, for backends that begin from it.
        graphs: Its ONNX files by name, for backends that take several.
    """
    config = spec.config
    return QuantizationRequest(
        model=spec.model_path if model is None else str(model),
        output=spec.output_path if output is None else str(output),
        method=_method_of(spec.config),
        bits=config.bits,
        symmetric=config.symmetric,
        per_channel=config.per_channel,
        group_size=config.group_size,
        rounding=config.rounding,
        activation_symmetric=config.activation_symmetric,
        activation_granularity=config.activation_granularity,
        float_type=config.float_type,
        ranges=config.ranges,
        percentile=config.percentile,
        keep=tuple(config.keep),
        task=spec.task,
        onnx=None if onnx is None else str(onnx),
        graphs={name: str(file) for name, file in (graphs or {}).items()},
        seed=spec.seed,
        threads=spec.threads,
    )


def _method_of(config: QuantizeConfig) -> QuantizationMethod:
    return "weight-only" if config.method == "qat" and config.bits < _WHOLE_BITS else config.method
