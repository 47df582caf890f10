"""Products that read the same input are one, where nothing changes it and it is quantized alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from persopt.quantization.schemes import Scheme, quantize_tensor
from persopt.quantization.torch_artifacts.layers import Activation
from persopt.quantization.torch_artifacts.modules import IntegerLinear
from persopt.quantization.torch_artifacts.traced_products import multiply_quantized
from persopt.quantization.torch_artifacts.whole_model import NumberedLinear, join_products

OUTPUTS = (16, 24, 8)
DYNAMIC = (Activation(), Activation(), Activation())


class Branches(nn.Module):
    """Three layers that read one input; something may be done to it before the last."""

    def __init__(self, layers: list[nn.Module], change: Callable[[torch.Tensor], object]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.change = change

    def forward(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        values = values + 1
        first, second = self.layers[0](values), self.layers[1](values)
        self.change(values)
        return first, second, self.layers[2](values)


def leave(values: torch.Tensor) -> object:
    return values.transpose(0, 1)


def add(values: torch.Tensor) -> object:
    return values.add_(3)


def clear(values: torch.Tensor) -> object:
    return torch.mul(values, 0, out=values)


@pytest.mark.parametrize(
    ("activations", "change", "products"),
    [
        (DYNAMIC, leave, 1),
        ((Activation(symmetric=True),) * 3, leave, 1),
        ((Activation(scale=0.02, zero_point=90),) * 3, leave, 1),
        ((Activation(), Activation(), Activation(symmetric=True)), leave, 2),
        ((Activation(scale=0.02), Activation(scale=0.03), Activation(scale=0.02)), leave, 2),
        (DYNAMIC, add, 2),
        (DYNAMIC, clear, 2),
    ],
)
def test_joined_products_give_what_the_layers_give(
    activations: tuple[Activation, ...], change: Callable[[torch.Tensor], object], products: int
) -> None:
    torch.manual_seed(0)
    scheme = Scheme(bits=8, symmetric=True, granularity="channel")
    biases = (torch.randn(OUTPUTS[0]), None, torch.randn(OUTPUTS[2]))
    layers = [
        IntegerLinear(quantize_tensor(torch.randn(count, 32), scheme), bias, activation)
        for count, bias, activation in zip(OUTPUTS, biases, activations, strict=True)
    ]
    values = torch.randn(2, 5, 32)
    traced = torch.fx.symbolic_trace(
        Branches([NumberedLinear(layer, number) for number, layer in enumerate(layers)], change)
    )
    joined, kept = join_products(traced, layers, {})
    assert sum(node.target is multiply_quantized for node in joined.graph.nodes) == products
    assert kept == [0]
    for found, expected in zip(joined(values), Branches(list(layers), change)(values), strict=True):
        assert found.shape == expected.shape
        assert torch.allclose(found, expected, rtol=1e-5, atol=1e-4)


def test_an_input_that_nothing_reads_is_left_out() -> None:
    layer = IntegerLinear(
        quantize_tensor(torch.randn(8, 4), Scheme(bits=8, symmetric=True, granularity="channel")), None, Activation()
    )
    numbered = NumberedLinear(layer, 0)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = numbered

        def forward(self, unused: torch.Tensor, values: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
            found: torch.Tensor = self.layer(values)
            return found

    traced = torch.fx.symbolic_trace(Model())
    joined, kept = join_products(traced, [layer], {})
    assert kept == [1]
    values = torch.randn(3, 4)
    assert torch.allclose(joined(values), layer(values), rtol=1e-5, atol=1e-4)
    assert len(list(traced.graph.find_nodes(op="placeholder"))) == 2  # the graph given is as it was
