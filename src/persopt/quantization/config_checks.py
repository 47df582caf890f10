"""What of a quantization's config contradicts itself, whatever the model, the data and the backend are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from persopt.domain.errors import Fault
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec, QuantizeTraining

__all__ = ("FLOAT_BITS", "check_config", "explain_data_need")

FLOAT_BITS: Final = 16
"""From so many bits on weights are floating-point numbers, and nothing is quantized."""

_GROUPED_BITS: Final = 4
_DEFAULT: Final = QuantizeConfig()


def explain_data_need(config: QuantizeConfig) -> str | None:
    """Say what a data set is needed for; None if for nothing."""
    if config.bits >= FLOAT_BITS:
        return None
    if config.method == "static":
        return "the ranges of static quantization are found on its rows"
    if config.method == "qat":
        return "quantization-aware training needs the task's own rows"
    if config.rounding == "gptq":
        return "GPTQ rounds by what the layers are given for its rows"
    if config.smoothing is not None:
        return "smoothing looks for outliers of activations on its rows"
    return None


def check_config(spec: QuantizeSpec) -> Iterator[Fault]:
    """Give the faults of a config by itself: bits and method that do not go together, options of what is not done."""
    config = spec.config
    yield from _check_bits(config)
    for name, value, why in _without_effect(config):
        yield Fault(path=f"$.config.{name}", message=f"{why}, got {value!r}", hint="leave it out", code="bad-value")
    if config.method != "qat" and spec.training != QuantizeTraining():
        message = f"was given, and nothing is trained with method {config.method!r}"
        yield Fault(path="$.training", message=message, hint="choose method 'qat', or leave it out")


def _check_bits(config: QuantizeConfig) -> Iterator[Fault]:
    if config.bits >= FLOAT_BITS and config.method in ("static", "qat"):
        done = "only exports" if config.bits > FLOAT_BITS else "only casts"
        yield Fault(
            path="$.config.bits",
            message=f"{config.bits} bits {done}: there are no ranges to find and nothing to train for, "
            f"got method {config.method!r}",
            hint="the nearest: bits=8, or leave the method out",
            code="unsupported",
        )
    if config.bits == _GROUPED_BITS and config.method == "static":
        yield Fault(
            path="$.config.bits",
            message="4 bits are for weights only: no engine here calculates with activations of 4 bits in fixed "
            "ranges, got method 'static'",
            hint="the nearest: bits=8 with method 'static', or bits=4 with method 'weight-only'",
            code="unsupported",
        )


def _without_effect(config: QuantizeConfig) -> Iterator[tuple[str, object, str]]:
    """Give name, value and reason of each option that says something about what is not done."""
    in_floats = config.bits >= FLOAT_BITS
    plain = in_floats or config.method == "weight-only"
    calibrated = config.method in ("static", "qat") and _GROUPED_BITS < config.bits < FLOAT_BITS
    if config.bits != _GROUPED_BITS:
        for name, value, default in (
            ("rounding", config.rounding, _DEFAULT.rounding),
            ("groupSize", config.group_size, _DEFAULT.group_size),
        ):
            if value != default:
                yield name, value, f"is for 4 bits, and bits is {config.bits}"
    if config.bits != FLOAT_BITS and config.float_type != _DEFAULT.float_type:
        yield "floatType", config.float_type, f"is for 16 bits, and bits is {config.bits}"
    if not calibrated and config.ranges != _DEFAULT.ranges:
        yield "ranges", config.ranges, "is for ranges found beforehand, with method 'static' or 'qat' and 8 bits"
    if config.ranges != "percentile" and config.percentile != _DEFAULT.percentile:
        yield "percentile", config.percentile, f"is for percentile ranges, and ranges is {config.ranges!r}"
    if plain:
        activations: dict[str, object] = {
            "smoothing": config.smoothing,
            "activationSymmetric": config.activation_symmetric,
            "activationGranularity": config.activation_granularity,
        }
        for name, given in activations.items():
            if given is not None:
                yield name, given, "is for quantized activations, and these stay in floating point"
