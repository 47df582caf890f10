from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.quantization.schemes import (
    Parameters,
    ScaleGranularity,
    Scheme,
    choose_parameters,
    dequantize,
    fake_quantize,
    parameters_of_range,
    quantize,
    quantize_tensor,
)

GRANULARITIES: tuple[ScaleGranularity, ...] = ("tensor", "channel", "token", "group")
SCHEMES = [
    Scheme(bits=bits, symmetric=symmetric, granularity=granularity, group_size=4)
    for bits, symmetric, granularity in product((8, 4), (True, False), GRANULARITIES)
]
numbers = st.floats(-1e4, 1e4, width=32)
matrices = st.integers(1, 4).flatmap(
    lambda rows: st.integers(1, 9).flatmap(
        lambda columns: st.lists(st.lists(numbers, min_size=columns, max_size=columns), min_size=rows, max_size=rows)
    )
)


def spread_scale(scheme: Scheme, scale: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """The scale of each entry, by the definition of what shares one."""
    rows, columns = shape
    match scheme.granularity:
        case "tensor":
            return scale.expand(shape)
        case "group":
            return torch.stack([scale[:, column // scheme.group_size] for column in range(columns)], dim=1)
        case _:
            return scale[:, None].expand(rows, columns)


def test_symmetric_numbers_by_hand() -> None:
    scheme = Scheme(bits=8, symmetric=True, granularity="tensor")
    values, parameters = quantize_tensor(torch.tensor([[-2.54, 0.0, 1.0, 0.03]]), scheme)
    assert values.tolist() == [[-127, 0, 50, 2]]  # steps of 0.02; 1.5 steps are rounded to the even 2
    assert values.dtype == torch.int8
    assert parameters.scale.item() == pytest.approx(0.02)
    assert dequantize(values, parameters, scheme)[0].tolist() == pytest.approx([-2.54, 0.0, 1.0, 0.04])


def test_asymmetric_numbers_by_hand() -> None:
    scheme = Scheme(bits=4, symmetric=False, granularity="channel")
    values, parameters = quantize_tensor(torch.tensor([[-1.0, 0.0, 6.5], [3.0, 15.0, 7.4]]), scheme)
    assert parameters.scale.tolist() == pytest.approx([0.5, 1.0])
    assert parameters.zero_point.tolist() == [2, 0]  # zero belongs to every range
    assert values.tolist() == [[0, 2, 15], [3, 15, 7]]
    assert values.dtype == torch.uint8


def test_groups_are_of_consecutive_inputs_and_the_last_may_be_short() -> None:
    scheme = Scheme(bits=4, symmetric=True, granularity="group", group_size=2)
    values, parameters = quantize_tensor(torch.tensor([[7.0, 1.0, -14.0, 4.0, 0.7]]), scheme)
    assert parameters.scale[0].tolist() == pytest.approx([1.0, 2.0, 0.1])
    assert values.tolist() == [[7, 1, -7, 2, 7]]


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@settings(max_examples=15, deadline=None)
@given(rows=matrices)
def test_a_round_trip_is_off_by_at_most_half_a_step(scheme: Scheme, rows: list[list[float]]) -> None:
    tensor = torch.tensor(rows, dtype=torch.float32)
    values, parameters = quantize_tensor(tensor, scheme)
    assert values.min() >= scheme.lowest
    assert values.max() <= scheme.highest
    error = (dequantize(values, parameters, scheme).double() - tensor.double()).abs()
    step = spread_scale(scheme, parameters.scale, tensor.shape).double()
    assert (error <= step * 0.5 + tensor.abs().double() * 1e-6 + 1e-38).all()


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@settings(max_examples=10, deadline=None)
@given(rows=matrices)
def test_zero_is_exact_and_symmetric_has_zero_point_0(scheme: Scheme, rows: list[list[float]]) -> None:
    tensor = torch.tensor(rows, dtype=torch.float32)
    parameters = choose_parameters(tensor, scheme)
    assert (parameters.scale > 0).all()
    if scheme.symmetric:
        assert (parameters.zero_point == 0).all()
    zeros = torch.zeros_like(tensor)
    assert torch.equal(fake_quantize(zeros, scheme, parameters), zeros)


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_quantizing_twice_changes_nothing_more(scheme: Scheme) -> None:
    tensor = torch.randn(6, 10, generator=torch.Generator().manual_seed(1))
    parameters = choose_parameters(tensor, scheme)
    once = fake_quantize(tensor, scheme, parameters)
    assert torch.equal(fake_quantize(once, scheme, parameters), once)
    assert (once != tensor).any()


@pytest.mark.parametrize("bits", [8, 4])
@settings(max_examples=30, deadline=None)
@given(rows=matrices)
def test_the_bound_of_a_channel_is_never_above_that_of_the_tensor(bits: int, rows: list[list[float]]) -> None:
    """The largest error possible is half a step, and no channel's step is larger than the tensor's: no luck in it."""
    tensor = torch.tensor(rows, dtype=torch.float32)
    for symmetric in (True, False):
        channel = choose_parameters(tensor, Scheme(bits=bits, symmetric=symmetric, granularity="channel"))
        group = choose_parameters(tensor, Scheme(bits=bits, symmetric=symmetric, granularity="group", group_size=4))
        whole = choose_parameters(tensor, Scheme(bits=bits, symmetric=symmetric, granularity="tensor"))
        assert (channel.scale <= whole.scale).all()
        assert (group.scale <= channel.scale[:, None]).all()


@pytest.mark.parametrize("scheme", [one for one in SCHEMES if one.granularity == "tensor"], ids=str)
def test_the_squared_error_of_channels_is_less_on_weights_of_a_model(scheme: Scheme) -> None:
    spread = torch.linspace(0.2, 3.0, 64)[:, None]
    weight = torch.randn(64, 128, generator=torch.Generator().manual_seed(3)) * spread
    channel = Scheme(bits=scheme.bits, symmetric=scheme.symmetric, granularity="channel")
    whole_error = (fake_quantize(weight, scheme) - weight).square().mean()
    channel_error = (fake_quantize(weight, channel) - weight).square().mean()
    assert channel_error < whole_error


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("per_channel", [True, False])
def test_onnx_runtime_gives_the_same_integers_and_reals(*, symmetric: bool, per_channel: bool) -> None:
    import onnxruntime
    from onnx import TensorProto, helper

    scheme = Scheme(symmetric=symmetric, granularity="channel" if per_channel else "tensor")
    tensor = torch.randn(5, 16, generator=torch.Generator().manual_seed(2)) + 0.3
    values, parameters = quantize_tensor(tensor, scheme)
    kind = TensorProto.INT8 if symmetric else TensorProto.UINT8
    shape = [5] if per_channel else []
    zero_point = parameters.zero_point.to(values.dtype)
    graph = helper.make_graph(
        [
            helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"], axis=0),
            helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["y"], axis=0),
        ],
        "round-trip",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [5, 16])],
        [
            helper.make_tensor_value_info("q", kind, [5, 16]),
            helper.make_tensor_value_info("y", TensorProto.FLOAT, [5, 16]),
        ],
        [
            helper.make_tensor("scale", TensorProto.FLOAT, shape, parameters.scale.reshape(-1).tolist()),
            helper.make_tensor("zero", kind, shape, zero_point.reshape(-1).tolist()),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    quantized, back = session.run(None, {"x": tensor.numpy()})
    assert np.array_equal(quantized, values.numpy())
    assert np.array_equal(back, dequantize(values, parameters, scheme).numpy())


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("bits", [8, 4])
def test_onnx_runtimes_tool_chooses_the_same_parameters(bits: int, *, symmetric: bool) -> None:
    from onnxruntime.quantization.quant_utils import compute_scale_zp

    scheme = Scheme(bits=bits, symmetric=symmetric, granularity="tensor")
    for low, high in ((-1.3, 2.9), (0.2, 5.0), (-7.0, -1.0)):
        theirs: Any = compute_scale_zp(
            np.float32(low), np.float32(high), np.int32(scheme.lowest), np.int32(scheme.highest), symmetric=symmetric
        )
        ours = parameters_of_range(torch.tensor(min(low, 0.0)), torch.tensor(max(high, 0.0)), scheme)
        assert int(theirs[0]) == int(ours.zero_point)
        assert float(theirs[1]) == pytest.approx(float(ours.scale), rel=1e-6)


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_torchao_gives_the_same_numbers(scheme: Scheme) -> None:
    from torchao.quantization.quant_primitives import (
        MappingType,
        choose_qparams_affine,
        dequantize_affine,
        quantize_affine,
    )

    tensor = torch.randn(6, 8, generator=torch.Generator().manual_seed(4)) + 0.1
    block = {"tensor": (6, 8), "channel": (1, 8), "token": (1, 8), "group": (1, 4)}[scheme.granularity]
    kind = torch.int8 if scheme.symmetric else torch.uint8
    limits = {"quant_min": scheme.lowest, "quant_max": scheme.highest}
    # Plain SYMMETRIC spreads -max to max over 255 steps of 256; this one reaches the ends exactly, as ours does.
    mapping = MappingType.SYMMETRIC_NO_CLIPPING_ERR if scheme.symmetric else MappingType.ASYMMETRIC
    scale, zero_point = choose_qparams_affine(
        tensor, mapping, block, kind, eps=1e-12, scale_dtype=torch.float32, zero_point_dtype=torch.int32, **limits
    )
    values, parameters = quantize_tensor(tensor, scheme)
    assert torch.allclose(scale.reshape(parameters.scale.shape), parameters.scale, rtol=1e-6)
    assert torch.equal(zero_point.reshape(parameters.zero_point.shape).int(), parameters.zero_point)
    theirs = quantize_affine(tensor, block, scale, zero_point, kind, **limits)
    assert torch.equal(theirs, values)
    back = dequantize_affine(values, block, scale, zero_point, kind, **limits)
    assert torch.allclose(back, dequantize(values, parameters, scheme), rtol=1e-6)


def test_values_outside_a_given_range_become_its_ends() -> None:
    scheme = Scheme(bits=8, symmetric=True, granularity="tensor")
    given_ones = Parameters(torch.tensor(0.1), torch.tensor(0))
    assert quantize(torch.tensor([100.0, -100.0]), given_ones, scheme).tolist() == [127, -127]


def test_half_precision_is_quantized_in_single_and_keeps_its_type() -> None:
    tensor = torch.tensor([60000.0, -1.0], dtype=torch.float16)
    result = fake_quantize(tensor, Scheme(granularity="tensor", symmetric=False))
    assert result.dtype == torch.float16
    assert torch.isfinite(result).all()
