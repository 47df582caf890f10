from __future__ import annotations

import pytest
import torch

from persopt.quantization.gptq import round_gptq
from persopt.quantization.schemes import Quantized, Scheme, dequantize, quantize_tensor

SCHEMES = [
    Scheme(bits=4, symmetric=symmetric, granularity="group", group_size=size)
    for symmetric in (True, False)
    for size in (16, 48)
] + [Scheme(bits=4, symmetric=True, granularity="channel")]


def output_error(weight: torch.Tensor, rounded: Quantized, inputs: torch.Tensor, scheme: Scheme) -> float:
    back = dequantize(rounded.values, rounded.parameters, scheme)
    return float((inputs @ (back - weight).t()).square().sum())


def make_problem(seed: int, columns: int = 160) -> tuple[torch.Tensor, torch.Tensor]:
    """A weight, and inputs that are correlated as activations are; 160 columns are more than a block."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(12, columns, generator=generator)
    mixing = torch.randn(columns // 4, columns, generator=generator)
    inputs = torch.randn(400, columns // 4, generator=generator) @ mixing
    return weight, inputs + 0.1 * torch.randn(400, columns, generator=generator)


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_the_outputs_are_nearer_than_with_the_nearest_rounding(scheme: Scheme) -> None:
    for seed in range(3):
        weight, inputs = make_problem(seed)
        gptq = output_error(weight, round_gptq(weight, inputs.t() @ inputs, scheme), inputs, scheme)
        nearest = output_error(weight, quantize_tensor(weight, scheme), inputs, scheme)
        assert gptq < 0.7 * nearest


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_uncorrelated_inputs_give_the_nearest_rounding(scheme: Scheme) -> None:
    weight, _ = make_problem(0)
    rounded = round_gptq(weight, torch.eye(160) * 3, scheme)
    nearest = quantize_tensor(weight, scheme)
    assert torch.equal(rounded.values, nearest.values)
    assert torch.allclose(rounded.parameters.scale, nearest.parameters.scale)
    assert torch.equal(rounded.parameters.zero_point, nearest.parameters.zero_point)


def test_two_inputs_by_hand() -> None:
    """The error of the first is carried to the second by their correlation, as the paper's equation (2) says."""
    scheme = Scheme(bits=4, symmetric=True, granularity="channel")
    weight = torch.tensor([[7.0, 2.4, 2.4]])  # steps of 1; both would be rounded to 2
    moments = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.9], [0.0, 0.9, 1.0]])
    rounded = round_gptq(weight, moments, scheme, damping=0.0)
    # The third should be 2.4 + 0.4 * 0.9 / 1 = 2.76, and becomes 3.
    assert rounded.values.tolist() == [[7, 2, 3]]


def test_it_comes_near_the_best_of_all_roundings() -> None:
    """Brute force over up or down for each of 8 weights."""
    scheme = Scheme(bits=4, symmetric=True, granularity="channel")
    ratios = []
    for seed in range(5):
        weight, inputs = make_problem(seed, columns=8)
        weight = weight[:1]
        rounded = round_gptq(weight, inputs.t() @ inputs, scheme)
        scale = rounded.parameters.scale
        floor = (weight / scale).floor()
        choices = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 8)
        candidates = (floor + choices).clamp(-7, 7) * scale
        best = ((candidates - weight) @ inputs.t()).square().sum(dim=1).min()
        nearest = output_error(weight, quantize_tensor(weight, scheme), inputs, scheme)
        found = output_error(weight, rounded, inputs, scheme)
        assert found >= float(best) * (1 - 1e-4)
        ratios.append((found - float(best)) / (nearest - float(best) + 1e-9))
    assert sum(ratios) / len(ratios) < 0.7


def test_an_input_that_never_comes_does_no_harm() -> None:
    weight, inputs = make_problem(0)
    inputs[:, 5] = 0
    scheme = SCHEMES[0]
    rounded = round_gptq(weight, inputs.t() @ inputs, scheme)
    assert torch.isfinite(dequantize(rounded.values, rounded.parameters, scheme)).all()
