"""8-bit checkpoints in torchao's layout, which Transformers' own `from_pretrained` opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from persopt.domain.errors import ModelError
from persopt.models.quiet import quiet_transformers
from persopt.models.whole import find_model_class, load_whole
from persopt.plugins.contracts.quantization import QuantizationRequest
from persopt.quantization.linears import is_kept
from persopt.quantization.schemes import Parameters, Quantized
from persopt.quantization.torch_artifacts.layers import Activation

__all__ = ("load_torchao", "save_torchao")


def save_torchao(request: QuantizationRequest) -> None:
    """Quantize the linear layers of a checkpoint by torchao, and save it with what Transformers reads it by.

    Args:
        request: 8 bits, symmetric, dynamic or weight-only.

    Raises:
        ModelError: if the model has no layer that torchao quantizes.
    """
    import torch
    from transformers import TorchAoConfig

    model_class: Any = find_model_class(request.model)
    plain, _ = load_whole(request.model, "float32")
    shared = {id(plain.get_input_embeddings().weight)}
    names = [name for name, module in plain.named_modules() if type(module) is torch.nn.Linear]
    kept = [name for name in names if is_kept(name, request.keep) or id(plain.get_submodule(name).weight) in shared]
    if len(kept) == len(names):
        raise ModelError("the model has no linear layer that torchao quantizes", hint="take the layout packed")
    with quiet_transformers():
        model = model_class.from_pretrained(
            request.model,
            quantization_config=TorchAoConfig(_choose_config(request), modules_to_not_convert=kept),
            dtype=torch.float32,
            local_files_only=True,
        )
        model.save_pretrained(request.output)


def load_torchao(folder: Path, *, integer: bool) -> Any:
    """Return the model, on the CPU, in evaluation mode.

    Args:
        folder: The checkpoint.
        integer: Whether oneDNN is to multiply quantized activations, in the place of torchao's own products.
    """
    from torch import nn
    from torchao.quantization import Int8Tensor, MappingType, PerRow

    from persopt.quantization.torch_artifacts.modules import IntegerLinear

    model: Any
    model, _ = load_whole(folder)
    for name, module in list(model.named_modules()):
        weight = getattr(module, "weight", None)
        if not (integer and type(module) is nn.Linear and isinstance(weight, Int8Tensor) and weight.act_quant_kwargs):
            continue
        activation = Activation(
            granularity="token" if isinstance(weight.act_quant_kwargs.granularity, PerRow) else "tensor",
            symmetric=weight.act_quant_kwargs.mapping_type == MappingType.SYMMETRIC,
        )
        scale = weight.scale.reshape(-1)
        quantized = Quantized(weight.qdata, Parameters(scale, scale.int() * 0))
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, IntegerLinear(quantized, module.bias, activation))
    return model


def _choose_config(request: QuantizationRequest) -> Any:
    from torchao.quantization import (
        Int8DynamicActivationInt8WeightConfig,
        Int8WeightOnlyConfig,
        MappingType,
        PerRow,
        PerTensor,
    )

    weights = PerRow() if request.per_channel else PerTensor()
    if request.method == "weight-only":
        return Int8WeightOnlyConfig(granularity=weights, set_inductor_config=False)
    return Int8DynamicActivationInt8WeightConfig(
        granularity=[PerTensor() if request.activation_granularity == "tensor" else PerRow(), weights],
        act_mapping_type=MappingType.ASYMMETRIC if request.activation_symmetric is False else MappingType.SYMMETRIC,
        set_inductor_config=False,
    )
