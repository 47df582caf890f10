from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from openvino_parts import Batch, Quantize, outputs_of, outputs_of_torch, read_graph, weight_of


@pytest.mark.parametrize("float_type", ["bf16", "fp16"])
def test_weights_are_rounded_as_torch_does(
    quantize: Quantize, checkpoint: Path, batches: list[Batch], float_type: Literal["bf16", "fp16"]
) -> None:
    import torch
    from safetensors.torch import load_file

    artifact = quantize(method="dynamic", bits=16, float_type=float_type, keep=("classifier",))
    graph = read_graph(artifact)
    module = "bert.encoder.layer.1.intermediate.dense"
    constant, _ = weight_of(graph, module)
    kind = torch.bfloat16 if float_type == "bf16" else torch.float16
    wanted = load_file(checkpoint / "model.safetensors")[f"{module}.weight"].to(kind)
    bits = constant.get_tensor_view().data if hasattr(constant, "get_tensor_view") else constant.data
    assert np.array_equal(bits.view(np.int16), wanted.view(torch.int16).numpy())
    assert weight_of(graph, "classifier")[0].get_element_type().to_string() == "f32"
    error = np.abs(outputs_of(artifact, batches) - outputs_of_torch(checkpoint, batches)).max()
    assert 0 < error < 0.1
    weights = Path(artifact.path) / "openvino_model.bin"
    assert weights.stat().st_size < 0.51 * (checkpoint / "model.safetensors").stat().st_size
