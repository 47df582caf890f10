"""Integers and scales, by hand, by their bounds, and against ONNX Runtime's own tools."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.quantization.quant_utils import quantize_data

from persopt_onnxruntime.gptq import round_by_gptq
from persopt_onnxruntime.integers import activation_scale
from persopt_onnxruntime.schemes import Blocks, pack_blocks, pick_block, quantize_blocks, quantize_columns

SLACK = 1e-5


def make_matrix(seed: int, inputs: int = 48, outputs: int = 6) -> np.ndarray[Any, Any]:
    chance = np.random.default_rng(seed)
    return (chance.standard_normal((inputs, outputs)) * chance.uniform(0.01, 3, outputs) + 0.3).astype(np.float32)


def restore_columns(weight: np.ndarray[Any, Any], **scheme: Any) -> np.ndarray[Any, Any]:
    found = quantize_columns(weight, **scheme)
    restored: np.ndarray[Any, Any] = found.scale * (found.integers.astype(np.float32) - found.zero_point)
    return restored


def restore_blocks(found: Blocks, width: int) -> np.ndarray[Any, Any]:
    values = found.scale[..., None] * (found.integers.astype(np.float32) - found.zero_points[..., None])
    flat: np.ndarray[Any, Any] = values.reshape(len(values), -1)[:, :width]
    return flat


def test_columns_by_hand() -> None:
    weight = np.array([[-1.0, 0.0], [0.5, 4.0]], np.float32)
    found = quantize_columns(weight, symmetric=True, per_channel=True)
    np.testing.assert_allclose(found.scale, [1 / 127, 4 / 127])
    assert found.integers.tolist() == [[-127, 0], [64, 127]]
    assert found.zero_point.tolist() == [0, 0]
    found = quantize_columns(weight, symmetric=False, per_channel=False)
    assert float(found.scale) == pytest.approx(5 / 255)
    assert (int(found.zero_point), found.integers.tolist()) == (-77, [[-128, -77], [-51, 127]])


@pytest.mark.parametrize("symmetric", [True, False])
def test_the_whole_matrix_is_as_onnx_runtime_rounds_it(symmetric: bool) -> None:
    weight = make_matrix(3)
    zero_point, scale, expected = quantize_data(weight, TensorProto.INT8, symmetric)
    found = quantize_columns(weight, symmetric=symmetric, per_channel=False)
    np.testing.assert_allclose(found.scale, scale, rtol=1e-6)
    assert int(found.zero_point) == int(zero_point)
    np.testing.assert_array_equal(found.integers, expected.reshape(weight.shape))


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), symmetric=st.booleans(), per_channel=st.booleans(), bits=st.sampled_from([7, 8]))
def test_a_weight_moves_by_half_a_step_at_most(seed: int, symmetric: bool, per_channel: bool, bits: int) -> None:
    weight = make_matrix(seed)
    found = quantize_columns(weight, symmetric=symmetric, per_channel=per_channel, bits=bits)
    restored = restore_columns(weight, symmetric=symmetric, per_channel=per_channel, bits=bits)
    assert (np.abs(restored - weight) <= found.scale * (0.5 + SLACK)).all()
    assert not symmetric or not found.zero_point.any()
    assert (restored[weight == 0] == 0).all()


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_a_column_of_its_own_scale_is_never_bounded_worse(seed: int) -> None:
    weight = make_matrix(seed)
    own, shared = (quantize_columns(weight, symmetric=True, per_channel=one).scale for one in (True, False))
    assert (own <= shared).all()


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), symmetric=st.booleans(), bits=st.sampled_from([4, 8]))
def test_a_weight_of_a_block_moves_by_half_a_step_or_is_cut_by_one(seed: int, symmetric: bool, bits: int) -> None:
    rows = make_matrix(seed).T
    found = quantize_blocks(rows, 32, bits=bits, symmetric=symmetric)
    step = np.repeat(np.abs(found.scale), 32, axis=1)[:, : rows.shape[1]]
    # Symmetric: the value farthest from 0 takes the lowest integer, and the highest is one step short of its mirror.
    limit = step * ((1 if symmetric else 0.5) + SLACK)
    assert (np.abs(restore_blocks(found, rows.shape[1]) - rows) <= limit).all()
    assert not symmetric or (found.zero_points == 2 ** (bits - 1)).all()


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("width", [64, 80])
def test_blocks_of_4_bits_are_as_onnx_runtime_packs_them(symmetric: bool, width: int) -> None:
    weight = make_matrix(7, inputs=width)
    expected = _by_onnx_runtime(weight, symmetric)
    found = quantize_blocks(weight.T, 32, bits=4, symmetric=symmetric)
    packed = pack_blocks(found.integers, 4).reshape(len(found.scale), -1)
    np.testing.assert_allclose(found.scale.reshape(-1), expected[1].reshape(-1), rtol=1e-6)
    differing = np.mean((packed != expected[0].reshape(packed.shape))[:, : width // 2])  # beyond it nothing is read
    assert differing < 0.02, "halves are rounded the other way at most"
    if not symmetric:
        theirs = expected[2].reshape(len(found.zero_points), -1)
        unpacked = np.stack([theirs & 15, theirs >> 4], axis=-1).reshape(len(theirs), -1)
        np.testing.assert_array_equal(found.zero_points, unpacked[:, : found.zero_points.shape[1]])


def test_gptq_of_inputs_that_have_nothing_in_common_rounds_to_the_nearest() -> None:
    rows = make_matrix(1, inputs=160).T
    found = round_by_gptq(rows, np.eye(160) * 3.0, 32, bits=4, symmetric=True)
    nearest = quantize_blocks(rows, 32, bits=4, symmetric=True)
    np.testing.assert_array_equal(found.integers, nearest.integers)
    np.testing.assert_array_equal(found.scale, nearest.scale)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("block", [32, 256])
def test_gptq_errs_less_on_the_data_that_it_knows(symmetric: bool, block: int) -> None:
    chance = np.random.default_rng(5)
    x = (chance.standard_normal((600, 24)) @ chance.standard_normal((24, 200))).astype(np.float32)
    x += 0.3 * chance.standard_normal(x.shape).astype(np.float32)
    x[:, 17] = 0  # an input that is never anything: its weights are free
    rows = chance.standard_normal((16, 200)).astype(np.float32)
    by_gptq = round_by_gptq(rows, x.T @ x, block, bits=4, symmetric=symmetric)
    nearest = quantize_blocks(rows, block, bits=4, symmetric=symmetric)
    errors = [float((((restore_blocks(item, 200) - rows) @ x.T) ** 2).sum()) for item in (by_gptq, nearest)]
    assert errors[0] < 0.7 * errors[1]


@pytest.mark.parametrize(
    ("low", "high", "symmetric", "scale", "zero_point"),
    [
        (-1.0, 4.1, False, 5.1 / 255, 50),
        (0.5, 2.55, False, 0.01, 0),
        (-1.0, 2.54, True, 0.02, 128),
        (0, 0, False, 1, 0),
    ],
)
def test_scale_of_an_activation(low: float, high: float, symmetric: bool, scale: float, zero_point: int) -> None:
    found = activation_scale(low, high, symmetric=symmetric)
    assert float(found[0]) == pytest.approx(scale)
    assert int(found[1]) == zero_point


@pytest.mark.parametrize(("width", "block"), [(384, 128), (32, 32), (48, 16), (50, 32)])
def test_block_of_a_table(width: int, block: int) -> None:
    assert pick_block(width) == block


def _by_onnx_runtime(weight: np.ndarray[Any, Any], symmetric: bool) -> list[np.ndarray[Any, Any]]:
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", None]) for name in ("x", "y")]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], "product")],
        "g",
        value[:1],
        value[1:],
        [numpy_helper.from_array(weight, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    quantizer = MatMulNBitsQuantizer(model, bits=4, block_size=32, is_symmetric=symmetric)
    quantizer.process()
    made: onnx.ModelProto = quantizer.model.model
    node = next(item for item in made.graph.node if item.op_type == "MatMulNBits")
    values = {item.name: numpy_helper.to_array(item) for item in made.graph.initializer}
    return [values[name] for name in node.input[1:] if name]
