"""Quantization with ONNX Runtime, as a plugin of persopt."""

from __future__ import annotations

from persopt_onnxruntime.backend import OnnxRuntime, persopt_quantization_backends
from persopt_onnxruntime.options import OnnxRuntimeOptions

__all__ = ("OnnxRuntime", "OnnxRuntimeOptions", "persopt_quantization_backends")
