from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openvino_parts import Batch, Quantize, outputs_of, outputs_of_torch, read_graph, weight_of

from persopt_openvino import OpenvinoOptions
from persopt_openvino.compressing import choose_group
from persopt_openvino.libraries import load_openvino

_LINEAR = "bert.encoder.layer.0.output.dense"


@pytest.mark.parametrize(
    ("bits", "symmetric", "kind"), [(8, True, "i8"), (8, False, "u8"), (4, True, "i4"), (4, False, "u4")]
)
def test_weights_have_the_bits_and_the_zero_points_that_were_asked_for(
    quantize: Quantize, checkpoint: Path, batches: list[Batch], bits: int, symmetric: bool, kind: str
) -> None:
    artifact = quantize(method="weight-only", bits=bits, symmetric=symmetric)
    graph = read_graph(artifact)
    constant, between = weight_of(graph, _LINEAR)
    assert constant.get_element_type().to_string() == kind
    assert ("Subtract" in between) is not symmetric
    embeddings, between = weight_of(graph, "bert.embeddings.word_embeddings")
    assert embeddings.get_element_type().to_string() == ("i8" if symmetric else "u8")
    assert ("Subtract" in between) is not symmetric
    assert (
        0 < _error(outputs_of(artifact, batches), outputs_of_torch(checkpoint, batches)) < (0.05 if bits == 8 else 0.5)
    )


def test_each_weight_is_at_most_half_a_step_from_its_integer(quantize: Quantize, checkpoint: Path) -> None:
    from safetensors.numpy import load_file

    graph = read_graph(quantize(method="weight-only", bits=8, symmetric=True))
    constant, between = weight_of(graph, _LINEAR)
    assert "Subtract" not in between
    (convert,) = (port.get_node() for port in constant.output(0).get_target_inputs())
    (multiply,) = (port.get_node() for port in convert.output(0).get_target_inputs())
    step = multiply.input_value(1).get_node().data.astype(np.float64)
    weight = load_file(checkpoint / "model.safetensors")[f"{_LINEAR}.weight"]
    # The largest becomes -128: the sign of the step is the opposite of its own.
    np.testing.assert_allclose(np.abs(step), np.abs(weight).max(axis=1, keepdims=True) / 128, rtol=1e-3)
    assert (np.abs(constant.data * step - weight) <= 0.52 * np.abs(step) + (constant.data == 127) * np.abs(step)).all()


def test_activations_are_quantized_as_they_come_by_any_loader(
    quantize: Quantize, batches: list[Batch], checkpoint: Path
) -> None:
    artifact = quantize(OpenvinoOptions(inference_precision="f32"), method="dynamic", bits=8)
    compiled = (
        load_openvino()
        .Core()
        .compile_model(read_graph(artifact), "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})
    )
    assert compiled.get_property("DYNAMIC_QUANTIZATION_GROUP_SIZE") == 32
    plain = np.concatenate([compiled(batch)["logits"] for batch in batches])
    mine = outputs_of(artifact, batches)
    np.testing.assert_allclose(plain, mine, rtol=1e-5, atol=1e-5)
    assert 0 < _error(mine, outputs_of_torch(checkpoint, batches)) < 0.05


def test_gptq_is_nearer_to_the_original_than_the_nearest(
    quantize: Quantize, batches: list[Batch], checkpoint: Path
) -> None:
    wanted = outputs_of_torch(checkpoint, batches)
    errors = []
    for rounding in ("nearest", "gptq"):
        asked = {} if rounding == "nearest" else {"rounding": rounding}
        artifact = quantize(method="weight-only", bits=4, symmetric=True, **asked)
        errors.append(float(np.square(outputs_of(artifact, batches) - wanted).mean()))
    assert errors[1] < errors[0]


def test_kept_modules_and_embeddings_by_choice(quantize: Quantize) -> None:
    options = OpenvinoOptions(embedding_bits=4)
    graph = read_graph(quantize(options, method="weight-only", bits=4, keep=("classifier",)))
    assert weight_of(graph, "classifier")[0].get_element_type().to_string() == "f32"
    assert weight_of(graph, "bert.embeddings.word_embeddings")[0].get_element_type().to_string() == "i4"


def test_the_group_is_the_largest_that_leaves_the_fewest_layers_in_floating_point() -> None:
    assert choose_group(Counter({384: 10, 1536: 5}), None, None) == (128, 0)
    assert choose_group(Counter({96: 10, 192: 5}), None, None) == (32, 0)
    assert choose_group(Counter({384: 10}), None, 64) == (64, 0)
    assert choose_group(Counter({128: 10, 100: 3}), None, None) == (128, 3)
    assert choose_group(Counter({384: 10, 100: 3}), 48, None) == (48, 3)


def _error(given: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]) -> float:
    return float(np.linalg.norm(given - wanted) / np.linalg.norm(wanted))
