"""The contract of quantization backends, held by the built-in one."""

from __future__ import annotations

from persopt.quantization.builtin.torch_backend import TorchBackend, TorchOptions
from persopt.testing import QuantizationBackendCase


class TestTorch(QuantizationBackendCase):
    backend = TorchBackend()
    option_sets = (
        TorchOptions(embeddings="float"),
        TorchOptions(embeddings="as-weights"),
        TorchOptions(layout="torchao"),
    )
