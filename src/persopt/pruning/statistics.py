"""What methods need to know from data: mean gradients, and the norms of what layers are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

from persopt.pruning.places import Places, flatten_features

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ("gather_activation_norms", "gather_gradients", "gather_input_norms")

Batch = Mapping[str, Any]

_MATRIX: Final = 2
_RELATIVE: Final = "relative_attention_bias"  # T5 and its like: a row for each bucket of distances


def gather_gradients(
    model: nn.Module, batches: Iterable[Batch], names: Iterable[str], on_batch: Callable[[], None] = lambda: None
) -> dict[str, Tensor]:
    """Return the mean gradient of the loss over all that is judged, by parameter name, on the CPU.

    The loss is that of a training: the cross-entropy of the logits with the labels, of a row or of each token that is
    judged. The model is in evaluation mode meanwhile, so that dropout plays no part; its own gradients are empty
    before and after, and modes and what requires gradients are as they were.

    Args:
        model: Returns an object with `logits`.
        batches: With `labels` aligned with the logits, -100 where nothing is judged; on the model's device.
        names: Parameters by their names in `named_parameters`.
        on_batch: Called before each batch; may raise to end the work.

    Raises:
        LookupError: if the model has no parameter of such a name.
    """
    from persopt.data.tokenization import IGNORED
    from persopt.tuning.losses import total_loss

    parameters = _find(dict(model.named_parameters()), names)
    judged = 0
    with _evaluating(model), _requiring(model, parameters):
        model.zero_grad(set_to_none=True)
        for batch in batches:
            on_batch()
            labels = batch["labels"]
            judged += int((labels != IGNORED).sum())
            inputs = {name: value for name, value in batch.items() if name != "labels"}
            total_loss(model(**inputs).logits, labels).backward()  # type: ignore[no-untyped-call]
        # A parameter that no batch reached has no gradient: removing its weights changes nothing.
        gradients = {
            name: parameter.detach().new_zeros(parameter.shape).cpu()
            if parameter.grad is None
            else (parameter.grad / max(judged, 1)).cpu()
            for name, parameter in parameters.items()
        }
        model.zero_grad(set_to_none=True)
    return gradients


def gather_activation_norms(
    model: nn.Module, batches: Iterable[Batch], names: Iterable[str], on_batch: Callable[[], None] = lambda: None
) -> dict[str, Tensor]:
    """Return the L2 norm of each input feature of layers over all tokens, by the name of the layer's weight.

    Tokens that the masks leave out do not count; of a convolution, features are input channels and all places count.
    The sums of squares are kept in float64.

    Args:
        model: The model; in evaluation mode meanwhile.
        batches: Inputs with `attention_mask`, and `decoder_attention_mask` of targets; on the model's device.
        names: Weights, each `<layer>.weight`.
        on_batch: Called before each batch; may raise to end the work.

    Raises:
        LookupError: if the model has no layer of such a name.
    """
    modules = dict(model.named_modules())
    layers = {name.removesuffix(".weight"): name for name in names}
    watched = _find(modules, layers)
    sums = _Sums()

    def record(path: str, module: nn.Module, given: Tensor, _output: Any, places: Places) -> None:
        sums.add(layers[path], _sum_squares(flatten_features(module, given, places.mask_of(given))))

    _run(model, batches, watched, record, on_batch)
    missing = [name for name in layers.values() if name not in sums.totals]
    if missing:
        raise LookupError(f"{missing[0]} was given no input")
    return sums.roots()


def gather_input_norms(
    model: nn.Module, batches: Iterable[Batch], on_batch: Callable[[], None] = lambda: None
) -> dict[str, Tensor]:
    """Return the L2 norms of what each parameter meets, over all tokens, by its name.

    Of a linear layer or convolution these are the norms of its input features; of an embedding, whose inputs are
    ones and zeros, the roots of how often each row was looked up. A bias meets a one at every place of its layer, and
    a norm's scale, or a vector that stands in the model by itself, values of mean square one: the root of the number
    of places, or of the number of rows for what is laid over each row once (an image model's positions). Tokens that
    the masks leave out do not count. A layer that was given nothing has no entry.

    Args:
        model: The model; in evaluation mode meanwhile.
        batches: Inputs with `attention_mask`, and `decoder_attention_mask` of targets; on the model's device.
        on_batch: Called before each batch; may raise to end the work.
    """
    import torch

    sums = _Sums()

    def record(path: str, module: nn.Module, given: Tensor, output: Any, places: Places) -> None:
        mask = places.mask_of(given)
        if isinstance(module, torch.nn.Embedding):
            if type(module).forward is not torch.nn.Embedding.forward:
                return  # BART's positions: what it is given are not the rows that it looks up
            if path.endswith(_RELATIVE):
                sums.add(f"{path}.weight", _count_distances(module, given, mask, ordered=places.is_decoding))
            else:
                sums.add(f"{path}.weight", _count_rows(module, given, mask))
            return
        matrix = f"{path}.weight" if _has_matrix(module) else None
        if matrix is not None:
            sums.add(matrix, _sum_squares(flatten_features(module, given, mask)))
        given_out = output if isinstance(output, torch.Tensor) else output[0]
        for name, parameter in module.named_parameters(path, recurse=False):
            if name != matrix:
                laid = parameter.dim() > _MATRIX and parameter.shape[0] == 1
                met = len(given_out) if laid else len(flatten_features(module, given_out, mask))
                sums.add(name, torch.tensor([float(met)], dtype=torch.float64))

    watched = {
        path: module for path, module in model.named_modules() if any(True for _ in module.parameters(recurse=False))
    }
    _run(model, batches, watched, record, on_batch)
    return sums.roots()


class _Sums:
    """Sums of squares by name, in float64 on the device."""

    def __init__(self) -> None:
        self.totals: dict[str, Tensor] = {}

    def add(self, name: str, squares: Tensor) -> None:
        self.totals[name] = self.totals[name] + squares if name in self.totals else squares

    def roots(self) -> dict[str, Tensor]:
        return {name: total.sqrt().float().cpu() for name, total in self.totals.items()}


def _run(
    model: nn.Module,
    batches: Iterable[Batch],
    watched: Mapping[str, nn.Module],
    record: Callable[[str, nn.Module, Tensor, Any, Places], None],
    on_batch: Callable[[], None],
) -> None:
    """Run a model on batches without gradients, and tell what each watched module is given and gives."""
    import torch

    places = Places(model)

    def watch(path: str) -> Callable[[nn.Module, tuple[Any, ...], Any], None]:
        def hook(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            if inputs and isinstance(inputs[0], torch.Tensor):
                record(path, module, inputs[0].detach(), output, places)

        return hook

    with ExitStack() as stack:
        for path, module in watched.items():
            stack.callback(module.register_forward_hook(watch(path)).remove)
        stack.enter_context(places.watch())
        stack.enter_context(_evaluating(model))
        stack.enter_context(torch.no_grad())
        for batch in batches:
            on_batch()
            places.begin(batch)
            model(**batch)


def _has_matrix(module: nn.Module) -> bool:
    """Return whether a module is a layer whose weight has an input for each feature."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    return isinstance(module, nn.Linear | Conv1D | nn.Conv1d | nn.Conv2d | nn.Conv3d)


def _count_rows(module: nn.Module, rows: Tensor, mask: Tensor | None) -> Tensor:
    """Return how often each row of an embedding was looked up, at places that the mask keeps."""
    import torch

    weight: Any = module.weight
    if mask is not None and rows.shape == mask.shape:
        rows = rows[mask.bool()]
    elif mask is not None and rows.dim() == mask.dim() and rows.shape[0] == 1 and rows.shape[1:] == mask.shape[1:]:
        rows = rows.expand_as(mask)[mask.bool()]  # positions, the same for all rows
    return torch.bincount(rows.reshape(-1).long(), minlength=weight.shape[0]).double()


def _count_distances(module: nn.Module, buckets: Tensor, mask: Tensor | None, *, ordered: bool) -> Tensor:
    """Return how often each row of a table of relative positions was used: once for each pair of kept places.

    Args:
        module: The table.
        buckets: Its row for each pair of places, shape (places, places); the same for all rows of the batch.
        mask: Of the places, shape (rows, places).
        ordered: Whether a place sees only those up to itself.
    """
    import torch

    weight: Any = module.weight
    pairs = torch.ones(buckets.shape, dtype=torch.float64, device=buckets.device)
    if mask is not None:
        kept = mask.double()
        pairs = kept.t() @ kept
    pairs = pairs.tril() if ordered else pairs
    return torch.bincount(buckets.reshape(-1), weights=pairs.reshape(-1), minlength=weight.shape[0])


def _sum_squares(values: Tensor) -> Tensor:
    return values.double().square_().sum(0)


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
