"""The integer layer beside the formulas, one layer and many inputs."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.quantization.schemes import Scheme, quantize_tensor
from persopt.quantization.torch_artifacts.layers import Activation
from persopt.quantization.torch_artifacts.modules import IntegerLinear, QuantizedLinear

ACTIVATIONS = {
    "tensor": Activation(),
    "tensor, symmetric": Activation(symmetric=True),
    "token": Activation(granularity="token"),
    "token, symmetric": Activation(granularity="token", symmetric=True),
    "static": Activation(scale=0.01, zero_point=100),
}
WEIGHTS = Scheme(bits=8, symmetric=True, granularity="channel")


def make_layers(weight: torch.Tensor, activation: Activation) -> tuple[IntegerLinear, QuantizedLinear]:
    """Return the layer of integer products and the one that computes the formulas."""
    quantized = quantize_tensor(weight, WEIGHTS)
    return IntegerLinear(quantized, None, activation), QuantizedLinear(quantized, WEIGHTS, None, activation)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_output_is_that_of_the_formulas_but_for_values_halfway(name: str) -> None:
    torch.manual_seed(0)
    far = 0
    for _ in range(20):
        integer, formula = make_layers(torch.randn(48, 32), ACTIVATIONS[name])
        values = torch.randn(21, 32) * 3  # some lie outside of the static range
        far += int(not torch.allclose(integer(values), formula(values), rtol=1e-5, atol=1e-4))
    assert far <= 1


@pytest.mark.parametrize("name", ["tensor", "tensor, symmetric", "token", "token, symmetric"])
@settings(max_examples=200, deadline=None)
@given(low=st.floats(-1e4, 0, width=32, allow_subnormal=False), high=st.floats(0, 1e4, width=32, allow_subnormal=False))
def test_the_ends_of_every_range_stay_within_half_a_step(name: str, low: float, high: float) -> None:
    """An integer that left 0 to 255 would come back at the other end: the error would be the whole range."""
    activation = ACTIVATIONS[name]
    integer, _ = make_layers(torch.eye(2), activation)
    steps = 254 if activation.symmetric else 255
    width = 2 * max(-low, high) if activation.symmetric else high - low
    values = torch.tensor([[low, high]])
    error = (integer(values) - values).abs().max()
    assert error <= width / steps * 0.5001 + 1e-6 * max(-low, high) + 1e-9


@pytest.mark.parametrize("half", range(0, 255, 2))
def test_a_range_whose_zero_point_lies_halfway_keeps_its_ends(half: int) -> None:
    low, high = -(half + 0.5), 255 - (half + 0.5)
    integer, _ = make_layers(torch.eye(2), Activation())
    values = torch.tensor([[low, high]])
    assert (integer(values) - values).abs().max() <= 0.5001
