"""Quantizing the layers of a model for torch's backend, one after another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from persopt.plugins.contracts.quantization import QuantizationRequest
from persopt.quantization.gptq import round_gptq
from persopt.quantization.linears import find_linears, is_kept, iterate_outputs, weight_view
from persopt.quantization.ranges import Observer, find_observer
from persopt.quantization.schemes import Scheme, parameters_of_range, quantize_tensor
from persopt.quantization.sensitivity import weight_scheme
from persopt.quantization.torch_artifacts.layers import Activation, LayerRecord, write_layer

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ("EmbeddingForm", "quantize_layers")

EmbeddingForm = Literal["float", "8-bit", "as-weights"]
Batches = Iterable[Mapping[str, Any]]

_BYTE = Scheme(bits=8, symmetric=True, granularity="channel")


def quantize_layers(
    model: nn.Module, request: QuantizationRequest, embeddings: EmbeddingForm, calibration: Batches | None
) -> tuple[tuple[LayerRecord, ...], dict[str, Tensor]]:
    """Return what each layer becomes, and the tensors of all; the model is the same afterwards.

    Modules that share a weight are quantized once, with the form of the linear layer among them, and only if all of
    them can be.

    Args:
        model: In float32, in evaluation mode.
        request: At most 8 bits.
        embeddings: Form of the embedding tables.
        calibration: Inputs, where the request needs them.
    """
    groups = _group(model, request, embeddings)
    names_taken = {name for names in groups for name in names}
    linears = {name: module for name, module in find_linears(model).items() if name in names_taken}
    ranges = _observe(model, linears, request, calibration or ())
    moments = _gather_moments(model, linears, calibration or ()) if request.rounding == "gptq" else {}
    records, tensors = [], {}
    for names, module in groups.items():
        name = next((one for one in names if one in linears), None)
        scheme = weight_scheme(request) if name is not None or embeddings == "as-weights" else _BYTE
        weight = weight_view(linears[name]) if name is not None else module.weight.detach()  # type: ignore[operator]
        rounded = round_gptq(weight, moments[name], scheme) if name in moments else quantize_tensor(weight, scheme)
        bias: Any = getattr(linears[name], "bias", None) if name is not None else None
        for kind, members in _kinds(names, linears):
            record = LayerRecord(
                names=members,
                kind=kind,
                shape=(int(weight.shape[0]), int(weight.shape[1])),
                scheme=scheme,
                activation=_choose_activation(request, ranges.get(name or "")) if kind == "linear" else None,
                bias=kind == "linear" and bias is not None,
                stored=names[0],
            )
            records.append(record)
            tensors.update(write_layer(record, rounded, bias if record.bias else None))
    return tuple(records), tensors


def _group(
    model: nn.Module, request: QuantizationRequest, embeddings: EmbeddingForm
) -> dict[tuple[str, ...], nn.Module]:
    """Return modules by their names, those that share a weight together, without what stays as it is."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    sharing: dict[int, list[tuple[str, nn.Module]]] = {}
    for name, module in model.named_modules(remove_duplicate=False):
        weight = getattr(module, "weight", None)
        if weight is not None:
            sharing.setdefault(id(weight), []).append((name, module))
    kinds = (nn.Linear, Conv1D) if embeddings == "float" else (nn.Linear, Conv1D, nn.Embedding)
    groups = {}
    for members in sharing.values():
        if all(type(module) in kinds and not is_kept(name, request.keep) for name, module in members):
            groups[tuple(name for name, _ in members)] = members[0][1]
    return groups


def _kinds(
    names: tuple[str, ...], linears: Mapping[str, nn.Module]
) -> list[tuple[Literal["linear", "embedding"], tuple[str, ...]]]:
    linear = tuple(name for name in names if name in linears)
    other = tuple(name for name in names if name not in linears)
    pairs: list[tuple[Literal["linear", "embedding"], tuple[str, ...]]] = [("linear", linear), ("embedding", other)]
    return [pair for pair in pairs if pair[1]]


def _choose_activation(request: QuantizationRequest, observer: Observer | None) -> Activation | None:
    if request.method == "weight-only":
        return None
    symmetric = bool(request.activation_symmetric)
    granularity: Literal["tensor", "token"] = "token" if request.activation_granularity == "token" else "tensor"
    if request.method == "dynamic":
        return Activation(granularity=granularity, symmetric=symmetric)
    if observer is None:  # the calibration data never came here
        return Activation(symmetric=symmetric)
    import torch

    scheme = Scheme(bits=8, symmetric=symmetric, granularity="tensor")
    low, high = observer.find(scheme)
    parameters = parameters_of_range(torch.tensor(low), torch.tensor(high), scheme)
    zero_point = int(parameters.zero_point) + (128 if symmetric else 0)
    return Activation(symmetric=symmetric, scale=float(parameters.scale), zero_point=zero_point)


def _observe(
    model: nn.Module, linears: Mapping[str, nn.Module], request: QuantizationRequest, batches: Batches
) -> dict[str, Observer]:
    """Return what was seen of the inputs of linear layers, if ranges are to be found."""
    if request.method not in ("static", "qat"):
        return {}
    seen: dict[str, Observer] = {}

    def look(name: str, values: Tensor) -> None:
        seen.setdefault(name, find_observer(request.ranges, request.percentile)).observe(values)

    _run(model, linears, batches, look)
    return seen


def _gather_moments(model: nn.Module, linears: Mapping[str, nn.Module], batches: Batches) -> dict[str, Tensor]:
    """Return for each linear layer the sum of x x^T over its inputs."""
    moments: dict[str, Tensor] = {}

    def add(name: str, values: Tensor) -> None:
        rows = values.flatten(0, -2).float()
        product = rows.t() @ rows
        moments[name] = moments[name] + product if name in moments else product

    _run(model, linears, batches, add)
    return moments


def _run(model: nn.Module, linears: Mapping[str, nn.Module], batches: Batches, see: Any) -> None:
    handles = [
        module.register_forward_pre_hook(lambda _, inputs, name=name: see(name, inputs[0].detach()))
        for name, module in linears.items()
    ]
    try:
        for _ in iterate_outputs(model, batches):
            pass
    finally:
        for handle in handles:
            handle.remove()
