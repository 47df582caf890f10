"""That the backend keeps the contract of quantization backends."""

from __future__ import annotations

from persopt.testing import QuantizationBackendCase
from persopt_openvino import OpenvinoBackend, OpenvinoOptions


class TestOpenvino(QuantizationBackendCase):
    backend = OpenvinoBackend()
    option_sets = (
        OpenvinoOptions(smooth=False, bias_correction=False),
        OpenvinoOptions(dynamic_group_size=64, embedding_bits=4, inference_precision="f32"),
    )
