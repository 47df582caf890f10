"""Fake quantization: layers that compute as if quantized, while their weights go on learning as real numbers.

Rounding has no useful gradient, so it gets that of a straight line ("straight-through"; Bengio et al.,
arXiv:1308.3432), and what is cut off at an end of the range gets none (Jacob et al., arXiv:1712.05877, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.functional import linear
from transformers.pytorch_utils import Conv1D

from persopt.quantization.linears import find_linears
from persopt.quantization.schemes import (
    Parameters,
    Scheme,
    fake_quantize,
    find_range,
    parameters_of_range,
)

__all__ = (
    "ActivationQuantizer",
    "FakeQuantization",
    "add_fake_quantization",
    "remove_fake_quantization",
    "straight_through",
)

AVERAGING: Final = 0.01
_PLACE: Final = "fake_quantization"


def straight_through(tensor: Tensor, scheme: Scheme, parameters: Parameters | None = None) -> Tensor:
    """Return what `fake_quantize` does, with a gradient: 1 where a value lies inside the range, 0 where it is cut off.

    Args:
        tensor: Weights or activations.
        scheme: Form of the integers.
        parameters: Known ones, a scale for the whole tensor; by default chosen for this tensor, so that nothing is cut
            off. They are constants.
    """
    fake: Tensor = _StraightThrough.apply(tensor, scheme, parameters)  # type: ignore[no-untyped-call]
    return fake


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tensor: Tensor, scheme: Scheme, parameters: Parameters | None) -> Tensor:
        fake = fake_quantize(tensor, scheme, parameters)
        if parameters is not None and ctx.needs_input_grad[0]:
            # What rounds to an end lies inside; the division is that of quantizing.
            steps = (tensor / parameters.scale).round() + parameters.zero_point
            ctx.save_for_backward((steps >= scheme.lowest) & (steps <= scheme.highest))
        return fake

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        inside = ctx.saved_tensors
        return gradients[0] * inside[0] if inside else gradients[0], None, None


class ActivationQuantizer(nn.Module):
    """Quantizes and dequantizes what a layer is given.

    With a scale a tensor, the range is a moving average of the batches' ranges (Jacob et al., section 3.1), which
    begins with the first batch and moves in training only; before any batch, and with a scale a token, it is that of
    the tensor itself.

    Args:
        scheme: A scale for a tensor or for a token.
        device: Where the layer is.

    Attributes:
        low: The least value of the range; NaN before the first batch.
        high: The greatest.
    """

    def __init__(self, scheme: Scheme, device: torch.device) -> None:
        super().__init__()
        self.scheme = scheme
        self.low: Tensor
        self.high: Tensor
        self.register_buffer("low", torch.tensor(torch.nan, device=device), persistent=False)
        self.register_buffer("high", torch.tensor(torch.nan, device=device), persistent=False)

    def forward(self, tensor: Tensor) -> Tensor:
        """Return the tensor as the quantized layer sees it."""
        if self.scheme.granularity != "tensor":
            return straight_through(tensor, self.scheme)
        if self.training:
            self._move(*find_range(tensor, self.scheme))
        elif bool(self.low.isnan()):
            return straight_through(tensor, self.scheme)
        return straight_through(tensor, self.scheme, parameters_of_range(self.low, self.high, self.scheme))

    def _move(self, low: Tensor, high: Tensor) -> None:
        for kept, seen in ((self.low, low), (self.high, high)):
            kept.copy_(torch.where(kept.isnan(), seen, torch.lerp(kept, seen.to(kept.dtype), AVERAGING)))


class FakeQuantization(nn.Module):
    """What a layer with fake quantization has besides its weight.

    Args:
        weights: Form of the weight, seen with outputs first.
        activations: Form of what the layer is given; None if that stays as it is.
        device: Where the layer is.
    """

    def __init__(self, weights: Scheme, activations: Scheme | None, device: torch.device) -> None:
        super().__init__()
        self.weights = weights
        self.activations = nn.Identity() if activations is None else ActivationQuantizer(activations, device)


class _FakeLinear(nn.Linear):
    fake_quantization: FakeQuantization

    def forward(self, input: Tensor) -> Tensor:
        fake = self.fake_quantization
        return linear(fake.activations(input), straight_through(self.weight, fake.weights), self.bias)


class _FakeConv1D(Conv1D):
    """GPT-2's linear layer, whose weight has inputs first."""

    fake_quantization: FakeQuantization

    def forward(self, x: Tensor) -> Tensor:
        fake = self.fake_quantization
        return linear(fake.activations(x), straight_through(self.weight.t(), fake.weights), self.bias)


_FAKES: Final[dict[type[nn.Module], type[nn.Module]]] = {nn.Linear: _FakeLinear, Conv1D: _FakeConv1D}
_PLAIN: Final = {fake: plain for plain, fake in _FAKES.items()}


def add_fake_quantization(
    model: nn.Module, weights: Scheme, activations: Scheme | None = None, keep: Sequence[str] = ()
) -> list[str]:
    """Let the linear layers of a model compute as if quantized, in place, and return their names.

    Parameters stay the same objects under the same names, shared ones shared; the state that is saved is the same.

    Args:
        model: Any; left alone are layers that have fake quantization already.
        weights: Form of weights, seen with outputs first.
        activations: Form of what layers are given, with a scale a tensor or a token; None for weights only.
        keep: Patterns (fnmatch) of names of modules that are left out.
    """
    chosen = {name: module for name, module in find_linears(model, keep).items() if type(module) in _FAKES}
    for module in chosen.values():
        device = next(module.parameters()).device
        module.add_module(_PLACE, FakeQuantization(weights, activations, device).train(module.training))
        module.__class__ = _FAKES[type(module)]
    return list(chosen)


def remove_fake_quantization(model: nn.Module) -> None:
    """Undo `add_fake_quantization`: the model is as before but for what its weights have learned."""
    for module in list(model.modules()):
        if type(module) in _PLAIN:
            module.__class__ = _PLAIN[type(module)]
            delattr(module, _PLACE)
