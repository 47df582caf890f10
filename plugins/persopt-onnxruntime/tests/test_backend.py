"""What is in the graph, and what comes out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

from persopt.domain.errors import DataError, ModelError
from persopt.plugins import Artifact, QuantizationRequest
from persopt_onnxruntime import OnnxRuntime, OnnxRuntimeOptions
from persopt_onnxruntime.backend import save
from persopt_onnxruntime.calibration import find_ranges
from persopt_onnxruntime.fusing import load_fused
from persopt_onnxruntime.integers import activation_scale

Batch = dict[str, np.ndarray[Any, Any]]
Quantize = Callable[..., Artifact]

PRODUCTS = 13  # six of a layer, two layers, the pooler; the classifier's two outputs are too few
CELLS: dict[str, tuple[dict[str, Any], float]] = {
    "dynamic": ({}, 0.999),
    "dynamic, zero points": ({"symmetric": False}, 0.999),
    "dynamic, whole matrices": ({"per_channel": False}, 0.998),
    "dynamic, whole matrices, zero points": ({"per_channel": False, "symmetric": False}, 0.998),
    "dynamic, 4 bits": ({"bits": 4}, 0.95),
    "static": ({"method": "static"}, 0.999),
    "static, zero points": ({"method": "static", "symmetric": False, "per_channel": False}, 0.998),
    "static, activations without": ({"method": "static", "activation_symmetric": True}, 0.998),
    "static, percentile": ({"method": "static", "ranges": "percentile"}, 0.998),
    "static, mse": ({"method": "static", "ranges": "mse"}, 0.999),
    "trained, 4 bits": ({"method": "qat", "bits": 4}, 0.95),
    "stored in 8 bits": ({"method": "weight-only"}, 0.9995),
    "stored in 8 bits, zero points": ({"method": "weight-only", "symmetric": False, "per_channel": False}, 0.999),
    "4 bits": ({"method": "weight-only", "bits": 4, "group_size": 16}, 0.95),
    "4 bits, zero points, gptq": ({"method": "weight-only", "bits": 4, "symmetric": False, "rounding": "gptq"}, 0.95),
    "bf16": ({"bits": 16}, 0.9999),
    "fp16": ({"bits": 16, "float_type": "fp16"}, 0.999999),
    "float32": ({"bits": 32}, 0.999999),
}


@pytest.mark.parametrize("cell", CELLS)
def test_outputs_stay_near(cell: str, quantize: Quantize, original: Any, batch: Batch) -> None:
    fields, least = CELLS[cell]
    artifact = quantize(**fields)
    assert artifact.format == "onnx"
    assert [path.name for path in Path(artifact.path).iterdir()] == ["model.onnx"]
    assert _cosine(_run(artifact, batch), original(batch)) > least


def test_activations_that_several_products_take_are_rounded_once(quantize: Quantize) -> None:
    model = _read(quantize())
    kinds = Counter(node.op_type for node in model.graph.node)
    assert kinds["DynamicQuantizeLinear"] == 2
    assert kinds["MatMulIntegerToFloat"] == 6
    assert kinds["DynamicQuantizeMatMul"] == PRODUCTS - 6
    assert kinds["GatherBlockQuantized"] == 2
    assert (kinds["MatMul"], kinds["Gemm"]) == (0, 1)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("per_channel", [True, False])
def test_weights_have_the_form_asked_for(symmetric: bool, per_channel: bool, quantize: Quantize) -> None:
    values = _constants(_read(quantize(symmetric=symmetric, per_channel=per_channel)))
    matrices = {name for name, value in values.items() if value.dtype == np.int8 and value.ndim == 2}
    assert len(matrices) == PRODUCTS
    assert any(values[name.replace("_integers", "_zero_point")].any() for name in matrices) == (not symmetric)
    for name in matrices:
        scale, zero_point = (values[name.replace("_integers", kind)] for kind in ("_scale", "_zero_point"))
        assert scale.shape == zero_point.shape == ((values[name].shape[1],) if per_channel else ())


@pytest.mark.parametrize("symmetric", [True, False])
def test_static_scales_are_those_of_the_ranges_found(
    symmetric: bool, quantize: Quantize, encoder: Path, batches: list[Batch]
) -> None:
    model = _read(quantize(method="static", activation_symmetric=symmetric))
    values = _constants(model)
    rounded = [node for node in model.graph.node if node.op_type == "QuantizeLinear"]
    assert len(rounded) == PRODUCTS - 4, "queries, keys and values take the same"
    request = QuantizationRequest(model="", output="", method="static", bits=8, activation_symmetric=symmetric)
    ranges = find_ranges(load_fused(str(encoder))[0], [node.input[0] for node in rounded], batches, request)
    for node in rounded:
        scale, zero_point = activation_scale(*ranges[node.input[0]], symmetric=symmetric)
        assert float(values[node.input[1]]) == pytest.approx(float(scale))
        assert int(values[node.input[2]]) == int(zero_point)
        assert not symmetric or int(zero_point) == 128


@pytest.mark.parametrize(("method", "level"), [("weight-only", 1), ("dynamic", 4)])
def test_products_of_4_bits(method: str, level: int, quantize: Quantize) -> None:
    model = _read(quantize(method=method, bits=4, group_size=16))
    nodes = [node for node in model.graph.node if node.op_type == "MatMulNBits"]
    assert len(nodes) == PRODUCTS
    for node in nodes:
        given = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        assert (given["bits"], given["block_size"], given["accuracy_level"]) == (4, 16, level)


@pytest.mark.parametrize("float_type", ["bf16", "fp16"])
def test_16_bits_are_stored(float_type: str, quantize: Quantize) -> None:
    kind = onnx.TensorProto.BFLOAT16 if float_type == "bf16" else onnx.TensorProto.FLOAT16
    constants = _read(quantize(bits=16, float_type=float_type)).graph.initializer
    large = [item for item in constants if np.prod(item.dims) >= 1024]
    assert large
    assert {item.data_type for item in large} == {kind}


def test_what_is_kept_stays_in_float32(quantize: Quantize, encoder: Path) -> None:
    artifact = quantize(keep=("bert.encoder.layer.0", "*.word_embeddings", "bert.encoder.layer.1.*.query"))
    model = _read(artifact)
    before, after = _constants(load_fused(str(encoder))[0]), _constants(model)
    kept = [node for node in model.graph.node if node.op_type == "MatMul"]
    assert len(kept) == 6 + 1
    for node in kept:
        np.testing.assert_array_equal(after[node.input[1]], before[node.input[1]])
    kinds = Counter(node.op_type for node in model.graph.node)
    assert kinds["GatherBlockQuantized"] == 1
    assert kinds["DynamicQuantizeMatMul"] + kinds["MatMulIntegerToFloat"] == PRODUCTS - 7
    assert any(name.endswith("word_embeddings.weight") for name in after)


def test_options(quantize: Quantize, original: Any, batch: Batch) -> None:
    artifact = quantize(OnnxRuntimeOptions(fuse=False, embeddings=32, reduce_range=True))
    model = _read(artifact)
    assert not {"Attention", "GatherBlockQuantized"} & {node.op_type for node in model.graph.node}
    matrices = [value for value in _constants(model).values() if value.dtype == np.int8 and value.ndim == 2]
    assert {int(np.abs(value.astype(int)).max()) for value in matrices} == {63}
    assert _cosine(_run(artifact, batch), original(batch)) > 0.999


def test_embeddings_of_4_bits_are_half_as_large(quantize: Quantize) -> None:
    values = _constants(_read(quantize(OnnxRuntimeOptions(embeddings=4), symmetric=False)))
    table = next(value for name, value in values.items() if name.endswith("word_embeddings.weight_integers"))
    assert (table.shape, table.dtype) == ((150, 16), np.uint8)


def test_merged_projections_of_a_decoder(decoder: Path, tmp_path: Path, batch: Batch) -> None:
    request = QuantizationRequest(
        model=str(decoder.parent), output=str(tmp_path), method="dynamic", bits=8, onnx=str(decoder)
    )
    artifact = OnnxRuntime().quantize(OnnxRuntimeOptions(), request, None)
    assert not {"Gemm", "MatMul"} & {node.op_type for node in _read(artifact).graph.node}
    session = onnxruntime.InferenceSession(str(decoder), providers=["CPUExecutionProvider"])
    expected = session.run(None, {item.name: batch[item.name] for item in session.get_inputs()})[0]
    assert _cosine(_run(artifact, batch), expected) > 0.999


def test_large_weights_lie_beside_the_graph(encoder: Path, tmp_path: Path, original: Any, batch: Batch) -> None:
    save(onnx.load(encoder), tmp_path, biggest=10_000)
    assert {path.name for path in tmp_path.iterdir()} == {"model.onnx", "model.onnx.data"}
    np.testing.assert_array_equal(_run(Artifact(path=str(tmp_path), format="onnx"), batch), original(batch))


def test_what_cannot_be_done_after_all(quantize: Quantize, encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not given as ONNX"):
        quantize(onnx=None)
    request = QuantizationRequest(model="", output=str(tmp_path), method="dynamic", bits=8, onnx=str(encoder))
    with pytest.raises(ModelError, match=r"no product .*`keep`"):
        OnnxRuntime().quantize(
            OnnxRuntimeOptions(), QuantizationRequest(**{**_fields(request), "keep": ("bert",)}), None
        )
    with pytest.raises(DataError, match="static needs calibration data"):
        OnnxRuntime().quantize(
            OnnxRuntimeOptions(), QuantizationRequest(**{**_fields(request), "method": "static"}), None
        )
    assert {path.name for path in tmp_path.iterdir()} <= {"artifact"}


def _fields(request: QuantizationRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__struct_fields__}


def _run(artifact: Artifact, batch: Batch) -> np.ndarray[Any, Any]:
    with OnnxRuntime().runner(artifact, "cpu", 1) as runner:
        return np.asarray(runner.run(batch)["logits"])


def _read(artifact: Artifact) -> onnx.ModelProto:
    model = onnx.load(Path(artifact.path) / "model.onnx")
    return model


def _constants(model: onnx.ModelProto) -> dict[str, np.ndarray[Any, Any]]:
    return {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}


def _cosine(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    return float((one * other).sum() / np.linalg.norm(one) / np.linalg.norm(other))
