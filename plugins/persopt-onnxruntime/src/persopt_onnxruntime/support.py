"""What the backend can do, told before anything is run."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Final

from persopt.plugins import QuantizationRequest, Supported, Unsupported

__all__ = ("check_request",)

_LARGEST_GROUP: Final = 256
_SMALLEST_GROUP: Final = 16


def check_request(request: QuantizationRequest) -> Supported | Unsupported:
    """Return the first reason why a request cannot be done, if there is one."""
    return next(_reasons(request), Supported())


def _reasons(request: QuantizationRequest) -> Iterator[Unsupported]:
    missing = [name for name in ("onnx", "onnxruntime") if importlib.util.find_spec(name) is None]
    if missing:
        yield Unsupported(f"needs {' and '.join(missing)}, which are not installed", f"pip install {' '.join(missing)}")
    if request.bits not in {32, 16, 8, 4}:
        yield Unsupported(f"has no weights of {request.bits} bits", "bits=4" if request.bits < 8 else "bits=8")  # noqa: PLR2004
    if request.bits in {32, 16}:
        if request.method in {"static", "qat"}:
            yield Unsupported(f"{request.method} means activations of 8 bits, not {request.bits}", "bits=8")
        return
    yield from _activations(request)
    if request.bits == 4:  # noqa: PLR2004
        yield from _four_bits(request)


def _activations(request: QuantizationRequest) -> Iterator[Unsupported]:
    if request.method == "static" and request.bits == 4:  # noqa: PLR2004
        yield Unsupported("has no products of 4-bit weights with calibrated activations", "method=weight-only")
    if request.method == "weight-only":
        return
    if request.method == "dynamic" and request.activation_symmetric:
        yield Unsupported(
            "rounds activations with a zero point when it does so as they come",
            "activationSymmetric=false" if request.bits == 4 else "method=static or activationSymmetric=false",  # noqa: PLR2004
        )
    if request.activation_granularity not in {None, "tensor"}:
        yield Unsupported(
            f"cannot give each {request.activation_granularity} of an activation a scale",
            "activationGranularity=tensor",
        )


def _four_bits(request: QuantizationRequest) -> Iterator[Unsupported]:
    if request.method == "dynamic" and request.activation_granularity is not None:
        yield Unsupported(
            "rounds activations by block of a row where weights have 4 bits", "leave activationGranularity out"
        )
    if not request.per_channel:
        yield Unsupported("has weights of 4 bits by group only", "perChannel=true")
    size = request.group_size
    if size & (size - 1) or not _SMALLEST_GROUP <= size <= _LARGEST_GROUP:
        nearest = min((16, 32, 64, 128, 256), key=lambda item: abs(item - size))
        yield Unsupported(
            f"takes groups of a power of two from {_SMALLEST_GROUP} to {_LARGEST_GROUP}, not {size}",
            f"groupSize={nearest}",
        )
