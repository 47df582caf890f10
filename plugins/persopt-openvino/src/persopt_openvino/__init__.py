"""Quantization with OpenVINO, as a plugin of persopt."""

from __future__ import annotations

from persopt_openvino.backend import OpenvinoBackend, persopt_quantization_backends
from persopt_openvino.options import OpenvinoOptions

__all__ = ("OpenvinoBackend", "OpenvinoOptions", "persopt_quantization_backends")
