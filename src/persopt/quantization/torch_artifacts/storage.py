"""A quantized model in a folder: integers and scales in safetensors, what they are in JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from persopt.domain.errors import ModelError
from persopt.models.quiet import quiet_transformers
from persopt.models.whole import find_model_class
from persopt.quantization.torch_artifacts.layers import LayerRecord, read_layer

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ("LAYERS", "WEIGHTS", "Compile", "StoredModel", "load_quantized", "read_stored", "save_quantized")

WEIGHTS: Final = "quantized.safetensors"
LAYERS: Final = "quantization.json"

Compile: TypeAlias = Literal["never", "auto", "model"]
"""What `torch.compile` compiles where the model is opened and a C++ compiler is: nothing, the blocks, or all as one."""


class StoredModel(Struct, frozen=True, kw_only=True):
    """The JSON: a version, and what modules have become; everything else in the file is a tensor of the model's own.

    Attributes:
        version: Of the form.
        layers: What modules have become.
        compile: What is compiled where the model is opened.
    """

    version: Literal[1] = 1
    layers: tuple[LayerRecord, ...]
    compile: Compile = "never"


def save_quantized(
    folder: Path,
    model: Any,
    layers: tuple[LayerRecord, ...],
    tensors: dict[str, Tensor],
    *,
    compile: Compile = "never",
) -> None:
    """Write a model's quantized layers, and the rest of its tensors as they are.

    Args:
        folder: Exists.
        model: The model in floating point.
        layers: What has become of modules.
        tensors: Of these, by name.
        compile: What is compiled where the model is opened.
    """
    from safetensors.torch import save_file

    modules = {name for layer in layers for name in layer.names}
    rest: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in model.state_dict().items():
        if name.rpartition(".")[0] in modules or tensor.data_ptr() in seen:
            continue
        seen.add(tensor.data_ptr())
        rest[name] = tensor.detach().cpu().contiguous()
    save_file({**rest, **{name: tensor.cpu() for name, tensor in tensors.items()}}, str(folder / WEIGHTS))
    content = msgspec.json.format(msgspec.json.encode(StoredModel(layers=layers, compile=compile)), indent=1)
    (folder / LAYERS).write_bytes(content)
    with quiet_transformers():
        model.config.save_pretrained(folder)


def read_stored(folder: Path) -> StoredModel:
    """Return what is known of a quantized model.

    Raises:
        ModelError: if the file is missing or damaged.
    """
    try:
        return msgspec.json.decode((folder / LAYERS).read_bytes(), type=StoredModel)
    except (OSError, ValueError) as error:
        raise ModelError(f"the quantized model in {folder} cannot be read: {error}") from error


def load_quantized(folder: Path, *, integer: bool) -> nn.Module:
    """Return the model, on the CPU, in evaluation mode.

    Args:
        folder: The artifact.
        integer: Whether quantized activations are multiplied as integers.

    Raises:
        ModelError: if files are missing or damaged.
    """
    import torch
    from safetensors.torch import load_file
    from transformers import initialization

    from persopt.models.loading import load_config

    stored = read_stored(folder)
    try:
        tensors = load_file(str(folder / WEIGHTS))
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"the quantized model in {folder} cannot be read: {error}") from error
    model_class: Any = find_model_class(folder)
    with quiet_transformers(), initialization.no_init_weights(), torch.random.fork_rng(devices=[]):
        model = model_class(load_config(folder)).eval()
        model.tie_weights()
    try:
        for layer in stored.layers:
            module = _build(layer, tensors, integer=integer)
            for name in layer.names:
                parent, _, last = name.rpartition(".")
                setattr(model.get_submodule(parent), last, module)
    except (KeyError, AttributeError, RuntimeError) as error:
        raise ModelError(f"the quantized model in {folder} is damaged: {error}") from error
    used = {f"{layer.stored}.{part}" for layer in stored.layers for part in ("values", "scale", "zero_point", "bias")}
    modules = {name for layer in stored.layers for name in layer.names}
    rest = {name: tensor for name, tensor in tensors.items() if name not in used}
    wanted = {name: tensor for name, tensor in model.state_dict().items() if name.rpartition(".")[0] not in modules}
    owners = {tensor.data_ptr() for name, tensor in wanted.items() if name in rest}
    lacking = sorted(name for name, tensor in wanted.items() if name not in rest and tensor.data_ptr() not in owners)
    if lacking or not set(rest) <= set(wanted):
        raise ModelError(
            f"the quantized model in {folder} is damaged: {[*lacking, *sorted(set(rest) - set(wanted))][0]}"
        )
    model.load_state_dict(rest, strict=False)  # copied in place, so that what shares a weight goes on sharing it
    return model  # type: ignore[no-any-return]


def _build(layer: LayerRecord, tensors: dict[str, Tensor], *, integer: bool) -> nn.Module:
    from persopt.quantization.torch_artifacts.modules import IntegerLinear, QuantizedEmbedding, QuantizedLinear

    weight, bias = read_layer(layer, tensors)
    if layer.kind == "embedding":
        return QuantizedEmbedding(weight, layer.scheme)
    if integer and layer.activation is not None and layer.scheme.symmetric:
        return IntegerLinear(weight, bias, layer.activation)
    return QuantizedLinear(weight, layer.scheme, bias, layer.activation)
