"""Which layers quantizing hurts: the error of the outputs when one layer at a time is quantized."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from persopt.domain.measurements import LayerError
from persopt.quantization.linears import find_linears, iterate_outputs, weight_view
from persopt.quantization.schemes import Scheme, fake_quantize

if TYPE_CHECKING:
    from torch import Tensor, nn

    from persopt.plugins.contracts.quantization import QuantizationRequest

__all__ = ("activation_scheme", "rank_layers", "weight_scheme")

_CAST_BITS = 16
_GROUPED_BELOW = 8


def weight_scheme(request: QuantizationRequest) -> Scheme:
    """Return the form of weights that a request of at most 8 bits asks for: below 8 bits they are in groups."""
    granularity = "group" if request.bits < _GROUPED_BELOW else "channel" if request.per_channel else "tensor"
    return Scheme(
        bits=request.bits,
        symmetric=request.symmetric,
        granularity=granularity,  # type: ignore[arg-type]
        group_size=request.group_size,
    )


def activation_scheme(request: QuantizationRequest) -> Scheme | None:
    """Return the form of activations, 8 bits whatever the weights have; None if they stay floating point.

    What is left open: asymmetric, one scale for a tensor. A scale a channel, which no integer product can use, is
    taken as one a tensor.
    """
    if request.method == "weight-only" or request.bits >= _CAST_BITS:
        return None
    return Scheme(
        bits=8,
        symmetric=bool(request.activation_symmetric),
        granularity="token" if request.activation_granularity == "token" else "tensor",
    )


def rank_layers(
    model: nn.Module,
    batches: Iterable[Mapping[str, Any]],
    request: QuantizationRequest,
    on_layer: Callable[[], None] = lambda: None,
) -> list[LayerError]:
    """Return what quantizing each linear layer alone does to the outputs, the worst first.

    Weights are rounded to the nearest in the request's form; activations, unless they stay floating point, by the
    range of each batch. The model is the same afterwards.

    Args:
        model: In evaluation mode, in float32.
        batches: Inputs as `Runner.run` takes them, or tensors; gone over once for each layer. Rows that padding fills
            count as the others.
        request: Form of the numbers, and what is kept; 32 bits give no layer.
        on_layer: Called before each layer; may raise to end the work.
    """
    if request.bits > _CAST_BITS:
        return []
    linears = find_linears(model, request.keep)
    kept = list(batches)
    expected = list(iterate_outputs(model, kept))
    errors = []
    for name, module in linears.items():
        on_layer()
        with _quantized(module, request):
            errors.append(_compare(name, module, expected, iterate_outputs(model, kept)))
    return sorted(errors, key=lambda one: (-one.error, one.name))


@contextmanager
def _quantized(module: nn.Module, request: QuantizationRequest) -> Iterator[None]:
    """Make one layer compute as if quantized while inside."""
    weight = weight_view(module)
    original = weight.clone()
    activations = activation_scheme(request)
    handle = None
    if activations is not None:
        handle = module.register_forward_pre_hook(
            lambda _, inputs: (fake_quantize(inputs[0], activations), *inputs[1:])
        )
    try:
        weight.copy_(_round(original, request))
        yield
    finally:
        weight.copy_(original)
        if handle is not None:
            handle.remove()


def _round(weight: Tensor, request: QuantizationRequest) -> Tensor:
    if request.bits == _CAST_BITS:
        import torch

        return weight.to(torch.bfloat16 if request.float_type == "bf16" else torch.float16)
    return fake_quantize(weight, weight_scheme(request))


def _compare(name: str, module: nn.Module, expected: list[Tensor], outputs: Iterable[Tensor]) -> LayerError:
    from torch.nn.functional import cosine_similarity

    squares = total = cosines = 0.0
    rows = 0
    for before, after in zip(expected, outputs, strict=True):
        squares += float((after - before).double().square().sum())
        total += float(before.double().square().sum())
        similar = cosine_similarity(before.flatten(1), after.flatten(1), dim=1)
        cosines, rows = cosines + float(similar.double().sum()), rows + len(similar)
    return LayerError(
        name=name,
        parameters=weight_view(module).numel(),
        error=squares / total if total else squares,
        cosine=cosines / rows if rows else 1.0,
    )
