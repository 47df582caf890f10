"""What methods need to know from data: mean gradients, and the norms of what layers are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ("gather_activation_norms", "gather_gradients", "gather_input_norms")

Batch = Mapping[str, Any]


def gather_gradients(
    model: nn.Module, batches: Iterable[Batch], names: Iterable[str], on_batch: Callable[[], None] = lambda: None
) -> dict[str, Tensor]:
    """Return the mean gradient of the loss over all rows, by parameter name, on the CPU.

    The model is in evaluation mode meanwhile, so that dropout plays no part; its own gradients are empty before
    and after, and modes and what requires gradients are as they were.

    Args:
        model: Returns an object with `loss`, the mean over the rows of a batch.
        batches: With `labels`; on the model's device.
        names: Parameters by their names in `named_parameters`.
        on_batch: Called before each batch; may raise to end the work.

    Raises:
        LookupError: if the model has no parameter of such a name.
    """
    parameters = _find(dict(model.named_parameters()), names)
    rows = 0
    with _evaluating(model), _requiring(model, parameters):
        model.zero_grad(set_to_none=True)
        for batch in batches:
            on_batch()
            size = len(batch["labels"])
            rows += size
            (model(**batch).loss * size).backward()
        # A parameter that no batch reached has no gradient: removing its weights changes nothing.
        gradients = {
            name: parameter.detach().new_zeros(parameter.shape).cpu()
            if parameter.grad is None
            else (parameter.grad / max(rows, 1)).cpu()
            for name, parameter in parameters.items()
        }
        model.zero_grad(set_to_none=True)
    return gradients


def gather_activation_norms(
    model: nn.Module, batches: Iterable[Batch], names: Iterable[str], on_batch: Callable[[], None] = lambda: None
) -> dict[str, Tensor]:
    """Return the L2 norm of each input feature of layers over all tokens, by the name of the layer's weight.

    Tokens that the attention mask leaves out do not count; of a convolution, features are input channels and all
    places count. The sums of squares are kept in float64.

    Args:
        model: The model; in evaluation mode meanwhile.
        batches: Inputs with `attention_mask`; on the model's device.
        names: Weights, each `<layer>.weight`.
        on_batch: Called before each batch; may raise to end the work.

    Raises:
        LookupError: if the model has no layer of such a name.
    """
    import torch

    modules = dict(model.named_modules())
    layers = {name: _find(modules, [name.removesuffix(".weight")]) for name in names}
    squares: dict[str, Tensor] = {}
    current: dict[str, Tensor | None] = {"mask": None}

    def watch(name: str) -> Callable[[nn.Module, tuple[Any, ...]], None]:
        def hook(module: nn.Module, inputs: tuple[Any, ...]) -> None:
            added = _sum_squares(module, inputs[0].detach(), current["mask"])
            squares[name] = squares[name] + added if name in squares else added

        return hook

    handles = [
        layer.register_forward_pre_hook(watch(name)) for name, found in layers.items() for layer in found.values()
    ]
    try:
        with _evaluating(model), torch.no_grad():
            for batch in batches:
                on_batch()
                current["mask"] = batch.get("attention_mask")
                model(**batch)
    finally:
        for handle in handles:
            handle.remove()
    missing = [name for name in layers if name not in squares]
    if missing:
        raise LookupError(f"{missing[0]} was given no input")
    return {name: total.sqrt().float().cpu() for name, total in squares.items()}


def gather_input_norms(
    model: nn.Module, batches: Iterable[Batch], on_batch: Callable[[], None] = lambda: None
) -> dict[str, Tensor]:
    """Return the L2 norms of what each parameter meets, over all tokens, by its name.

    Of a linear layer or convolution these are the norms of its input features; of an embedding, whose inputs are
    ones and zeros, the roots of how often each row was looked up. A bias meets a one at every token, and a norm's
    scale, or a vector that stands in the model by itself, values of mean square one: the root of the number of
    tokens. Tokens that the attention mask leaves out do not count. A layer that was given nothing has no entry.

    Args:
        model: The model; in evaluation mode meanwhile.
        batches: Inputs with `attention_mask`; on the model's device.
        on_batch: Called before each batch; may raise to end the work.
    """
    import torch

    squares: dict[str, Tensor] = {}
    current: dict[str, Tensor | None] = {"mask": None}
    tokens = 0

    def watch(name: str) -> Callable[[nn.Module, tuple[Any, ...]], None]:
        def hook(module: nn.Module, inputs: tuple[Any, ...]) -> None:
            given = inputs[0].detach()
            if isinstance(module, torch.nn.Embedding):
                added = _count_rows(module, given, current["mask"])
            else:
                added = _sum_squares(module, given, current["mask"])
            squares[name] = squares[name] + added if name in squares else added

        return hook

    handles = [
        module.register_forward_pre_hook(watch(f"{path}.weight"))
        for path, module in model.named_modules()
        if _has_matrix(module)
    ]
    try:
        with _evaluating(model), torch.no_grad():
            for batch in batches:
                on_batch()
                current["mask"] = mask = batch.get("attention_mask")
                tokens += int(mask.sum()) if mask is not None else next(iter(batch.values())).shape[:2].numel()
                model(**batch)
    finally:
        for handle in handles:
            handle.remove()
    matrices = {f"{path}.weight" for path, module in model.named_modules() if _has_matrix(module)}
    norms = {name: total.sqrt().float().cpu() for name, total in squares.items()}
    everywhere = torch.tensor([tokens], dtype=torch.float32).sqrt()
    return norms | {name: everywhere for name, _ in model.named_parameters() if name not in matrices}


def _has_matrix(module: nn.Module) -> bool:
    """Return whether a module is a layer whose weight has an input for each feature or row."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    return isinstance(module, nn.Linear | nn.Embedding | Conv1D | nn.Conv1d | nn.Conv2d | nn.Conv3d)


def _count_rows(module: nn.Module, rows: Tensor, mask: Tensor | None) -> Tensor:
    """Return how often each row of an embedding was looked up, at places that the mask keeps."""
    import torch

    weight: Any = module.weight
    if mask is not None and rows.shape == mask.shape:
        rows = rows[mask.bool()]
    elif mask is not None and rows.dim() == mask.dim() and rows.shape[0] == 1 and rows.shape[1:] == mask.shape[1:]:
        rows = rows.expand_as(mask)[mask.bool()]  # positions, the same for all rows
    return torch.bincount(rows.reshape(-1).long(), minlength=weight.shape[0]).double()


def _sum_squares(module: nn.Module, inputs: Tensor, mask: Tensor | None) -> Tensor:
    """Return the sum of squares of each input feature over the places that the mask keeps."""
    import torch

    convolution = isinstance(module, torch.nn.Conv1d | torch.nn.Conv2d | torch.nn.Conv3d)
    moved = inputs.movedim(1, -1) if convolution else inputs
    flat = moved.reshape(-1, moved.shape[-1])
    if mask is not None and flat.shape[0] == mask.numel() and moved.shape[0] in (mask.shape[0], mask.numel()):
        flat = flat[mask.reshape(-1).bool()]
    return flat.double().square_().sum(0)


def _find(offered: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    found = {}
    for name in names:
        if name not in offered:
            raise LookupError(f"the model has no {name}")
        found[name] = offered[name]
    return found


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def _requiring(model: nn.Module, parameters: Mapping[str, nn.Parameter]) -> Iterator[None]:
    """Let only these parameters require gradients: the others' would take memory for nothing."""
    before = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    wanted = {id(parameter) for parameter in parameters.values()}
    for parameter, _ in before:
        parameter.requires_grad_(id(parameter) in wanted)
    try:
        yield
    finally:
        for parameter, required in before:
            parameter.requires_grad_(required)
