from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import linear

from persopt.quantization.fake_quantization import (
    AVERAGING,
    ActivationQuantizer,
    add_fake_quantization,
    remove_fake_quantization,
    straight_through,
)
from persopt.quantization.linears import find_linears, iterate_outputs, weight_view
from persopt.quantization.schemes import Parameters, Scheme, fake_quantize, parameters_of_range
from tests.quantization.models import make_inputs, make_model

WEIGHTS = Scheme(bits=4, granularity="group", group_size=16)
TENSOR = Scheme(symmetric=False, granularity="tensor")
TOKEN = Scheme(symmetric=False, granularity="token")
CPU = torch.device("cpu")


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_gradient_passes_inside_the_range_and_stops_where_values_are_cut_off() -> None:
    # From -1 to 1.55 in 255 steps of 0.01: -1.2 and 1.6 are cut off; -1.004 and 1.554 still round to the ends.
    parameters = parameters_of_range(torch.tensor(-1.0), torch.tensor(1.55), TENSOR)
    assert int(parameters.zero_point) == 100
    values = torch.tensor([-1.2, -1.004, -0.333, 0.0, 1.4, 1.554, 1.6], requires_grad=True)
    factors = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    fake = straight_through(values, TENSOR, parameters)
    (fake * factors).sum().backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(fake.detach(), torch.tensor([-1.0, -1.0, -0.33, 0.0, 1.4, 1.55, 1.55]))
    assert values.grad is not None
    assert values.grad.tolist() == [0.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(-40, 40, width=32), min_size=1, max_size=20),
    st.sampled_from([0.0625, 0.125, 0.25]),  # exact in binary: torch multiplies by 1 / scale
    st.integers(0, 255),
)
def test_values_and_gradients_are_those_of_torch(values: list[float], scale: float, zero_point: int) -> None:
    ours, theirs = (torch.tensor(values, requires_grad=True) for _ in range(2))
    parameters = Parameters(torch.tensor(scale), torch.tensor(zero_point, dtype=torch.int32))
    straight_through(ours, TENSOR, parameters).square().sum().backward()  # type: ignore[no-untyped-call]
    torch.fake_quantize_per_tensor_affine(theirs, scale, zero_point, 0, 255).square().sum().backward()  # type: ignore[no-untyped-call]
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.equal(ours.grad, theirs.grad)


@pytest.mark.parametrize("activations", [None, TENSOR, TOKEN])
def test_a_layer_learns_by_the_gradients_of_the_product_of_rounded_numbers(activations: Scheme | None) -> None:
    linear_layer = nn.Linear(32, 3)
    layer = nn.Sequential(linear_layer)
    inputs, slopes = random(2, 5, 32).requires_grad_(), random(2, 5, 3, seed=1)
    add_fake_quantization(layer, WEIGHTS, activations)
    output = layer(inputs)
    output.backward(slopes)
    weight, bias = linear_layer.weight.detach(), linear_layer.bias.detach()
    seen = inputs.detach() if activations is None else fake_quantize(inputs.detach(), activations)
    rounded = fake_quantize(weight, WEIGHTS)
    assert not torch.equal(rounded, weight)
    torch.testing.assert_close(output.detach(), linear(seen, rounded, bias), rtol=0, atol=0)
    torch.testing.assert_close(linear_layer.weight.grad, torch.einsum("bto,bti->oi", slopes, seen))
    torch.testing.assert_close(inputs.grad, slopes @ rounded)  # the first batch is the range, nothing is cut off


def test_the_range_begins_with_the_first_batch_and_is_a_moving_average_of_training() -> None:
    quantizer = ActivationQuantizer(TENSOR, CPU)
    first, second = torch.tensor([-1.0, 3.0]), torch.tensor([[-2.0], [5.0]])
    quantizer.eval()
    assert torch.equal(quantizer(first), fake_quantize(first, TENSOR))
    assert quantizer.low.isnan()
    quantizer.train()
    quantizer(first)
    quantizer(second)
    low, high = -1.0 - AVERAGING, 3.0 + 2 * AVERAGING
    torch.testing.assert_close(torch.stack([quantizer.low, quantizer.high]), torch.tensor([low, high]))
    quantizer.eval()
    kept = parameters_of_range(torch.tensor(low), torch.tensor(high), TENSOR)
    torch.testing.assert_close(quantizer(second), fake_quantize(second, TENSOR, kept))
    assert float(quantizer(second).max()) == pytest.approx(high, abs=0.01)
    assert float(quantizer.high) == pytest.approx(high)


def describe(model: Any) -> tuple[list[Any], ...]:
    return (
        [(name, type(module)) for name, module in model.named_modules()],
        [(name, id(one)) for name, one in model.named_parameters(remove_duplicate=False)],
        list(model.state_dict()),
    )


@pytest.mark.parametrize("family", ["bert", "gpt2", "t5"])
def test_a_model_computes_as_if_its_weights_were_quantized_and_is_as_before_afterwards(family: str) -> None:
    model, batch = make_model(family), make_inputs(family)
    before, state = describe(model), {name: value.clone() for name, value in model.state_dict().items()}
    plain = next(iterate_outputs(model, [batch]))
    names = add_fake_quantization(model, WEIGHTS, keep=["*.layer.1", "*.h.1", "decoder"])
    assert set(names) == {name for name in find_linears(make_model(family), ["*.layer.1", "*.h.1", "decoder"]) if name}
    assert names
    assert describe(model)[1:] == before[1:]  # the same parameters by the same names, and the same state to save
    fake = next(iterate_outputs(model, [batch]))
    other = make_model(family)
    rounded = {name: fake_quantize(weight_view(other.get_submodule(name)), WEIGHTS) for name in names}
    if family != "bert":  # its head shares the embeddings, which stay as they are
        other.lm_head.weight = nn.Parameter(other.lm_head.weight.detach().clone())
    for name, weight in rounded.items():
        weight_view(other.get_submodule(name)).copy_(weight)
    torch.testing.assert_close(fake, next(iterate_outputs(other, [batch])), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(fake, plain, atol=1e-3)
    remove_fake_quantization(model)
    assert describe(model) == before
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert torch.equal(next(iterate_outputs(model, [batch])), plain)


def test_what_is_kept_by_pattern_of_a_module_around_it_is_left_alone() -> None:
    model = make_model("bert")
    names = add_fake_quantization(model, WEIGHTS, TENSOR, keep=["bert.encoder", "class*"])
    assert names == ["bert.pooler.dense"]
    assert add_fake_quantization(model, WEIGHTS, keep=["bert.encoder", "classifier"]) == []


def test_training_through_the_rounding_finds_weights_that_quantize_better_than_the_nearest() -> None:
    coarse = Scheme(bits=3, granularity="channel")
    inputs = random(64, 16) @ random(16, 16, seed=1) / 4  # correlated: errors of weights can make up for each other
    weight = random(4, 16, seed=2)
    wanted = linear(inputs, weight)
    learner = nn.Linear(16, 4, bias=False)
    layer = nn.Sequential(learner)
    with torch.no_grad():
        learner.weight.copy_(weight)
    add_fake_quantization(layer, coarse)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, 200)
    for _ in range(200):
        optimizer.zero_grad()
        (layer(inputs) - wanted).square().mean().backward()
        optimizer.step()
        schedule.step()
    remove_fake_quantization(layer)

    def error(one: Tensor) -> float:
        return float((linear(inputs, fake_quantize(one, coarse)) - wanted).square().mean())

    assert error(learner.weight.detach()) < 0.7 * error(weight)
