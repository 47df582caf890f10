"""The linear layers of a Transformers model, and running the model on batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ("find_linears", "is_kept", "is_linear", "iterate_outputs", "read_output", "to_inputs", "weight_view")


def is_linear(module: nn.Module) -> bool:
    """Return whether the module is a linear layer: `nn.Linear` itself, or the Conv1D of GPT-2."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    return type(module) in (nn.Linear, nn.modules.linear.NonDynamicallyQuantizableLinear, Conv1D)


def is_kept(name: str, patterns: Iterable[str]) -> bool:
    """Return whether one of the patterns (fnmatch) matches a module's name, or that of a module around it."""
    parts = name.split(".")
    paths = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return any(fnmatchcase(path, pattern) for pattern in patterns for path in paths)


def find_linears(model: nn.Module, keep: Sequence[str] = ()) -> dict[str, nn.Module]:
    """Return the linear layers by name, in the model's order, without those that patterns of names keep as they are."""
    return {name: module for name, module in model.named_modules() if is_linear(module) and not is_kept(name, keep)}


def weight_view(module: nn.Module) -> Tensor:
    """Return a linear layer's weight with outputs first, inputs second; writing into it changes the layer."""
    from torch import nn

    weight: Tensor = module.weight.detach()  # type: ignore[operator]
    return weight if isinstance(module, nn.Linear) else weight.t()


def to_inputs(batch: Mapping[str, Any], device: Any) -> dict[str, Tensor]:
    """Return a batch of arrays or tensors as tensors on a device, without labels."""
    import torch

    return {name: torch.as_tensor(value).to(device) for name, value in batch.items() if name != "labels"}


def read_output(output: Any) -> Tensor:
    """Return the logits of a model's output, or the first of its tensors where it has no head."""
    from torch import Tensor

    logits = getattr(output, "logits", None)
    if logits is not None:
        return logits  # type: ignore[no-any-return]
    values = output.values() if isinstance(output, Mapping) else output if isinstance(output, tuple) else (output,)
    return next(value for value in values if isinstance(value, Tensor))


def iterate_outputs(model: nn.Module, batches: Iterable[Mapping[str, Any]]) -> Iterator[Tensor]:
    """Run a model in inference and give its logits batch by batch, where it is, in float32."""
    import torch

    device = next(model.parameters()).device
    for batch in batches:
        with torch.inference_mode():
            yield read_output(model(**to_inputs(batch, device))).float()
