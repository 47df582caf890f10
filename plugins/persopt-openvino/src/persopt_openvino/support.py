"""What the backend can do, and in words what it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from persopt.plugins import QuantizationRequest, Supported, Unsupported
from persopt_openvino.options import OpenvinoOptions

__all__ = ("find_support",)

_FULL = (32, 16)
_EIGHT = 8
_FOUR = 4


def find_support(options: OpenvinoOptions, request: QuantizationRequest) -> Supported | Unsupported:
    """Tell whether the request can be done, or the first thing that stands against it."""
    return next(_obstacles(options, request), Supported())


def _obstacles(options: OpenvinoOptions, request: QuantizationRequest) -> Iterator[Unsupported]:
    for package in ("openvino", "nncf"):
        if find_spec(package) is None:
            yield Unsupported(f"{package} is not installed", f"pip install {package}")
    if request.bits in _FULL:
        return
    if request.bits not in (_EIGHT, _FOUR):
        yield Unsupported(f"OpenVINO has no weights of {request.bits} bits for CPUs", "bits=4")
    if request.method in ("static", "qat"):
        yield from _static_obstacles(request)
    else:
        yield from _compression_obstacles(options, request)


def _static_obstacles(request: QuantizationRequest) -> Iterator[Unsupported]:
    if request.bits != _EIGHT:
        yield Unsupported(
            f"with calibrated ranges NNCF quantizes weights to 8 bits, not to {request.bits}",
            "method=dynamic, or bits=8",
        )
    if request.activation_granularity not in (None, "tensor"):
        yield Unsupported(
            f"a calibrated range is that of a whole tensor, not of a {request.activation_granularity}",
            "activationGranularity=tensor",
        )
    if request.ranges == "entropy":
        yield Unsupported("NNCF finds no ranges by entropy", "ranges=mse, which also searches on a histogram")


def _compression_obstacles(options: OpenvinoOptions, request: QuantizationRequest) -> Iterator[Unsupported]:
    if not request.per_channel and request.bits == _EIGHT:
        yield Unsupported(
            "NNCF compresses weights with a scale for each output channel", "perChannel=true, or method=static"
        )
    if not request.per_channel and request.bits == _FOUR:
        yield Unsupported("4-bit weights have a scale for each group of a channel", "perChannel=true")
    if request.method == "weight-only":
        return
    if request.activation_symmetric is False:
        yield Unsupported(
            "activations that OpenVINO quantizes as they come have no zero point",
            "activationSymmetric=true, or method=static",
        )
    if request.activation_granularity is not None:
        yield Unsupported(
            "activations that OpenVINO quantizes as they come share a scale in groups of a token's values, not by"
            f" {request.activation_granularity}",
            "activationGranularity left out",
        )
    group = options.dynamic_group_size
    if request.bits == _FOUR and group and request.group_size % group:
        yield Unsupported(
            f"with weights in groups of {request.group_size}, activations cannot have groups of {group}",
            f"dynamic_group_size={request.group_size} or a divisor of it",
        )
