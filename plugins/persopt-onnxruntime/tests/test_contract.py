"""The backend keeps persopt's contract."""

from __future__ import annotations

from persopt.testing import QuantizationBackendCase
from persopt_onnxruntime import OnnxRuntime, OnnxRuntimeOptions


class TestOnnxRuntime(QuantizationBackendCase):
    backend = OnnxRuntime()
    option_sets = (OnnxRuntimeOptions(fuse=False, embeddings=32, reduce_range=True),)
