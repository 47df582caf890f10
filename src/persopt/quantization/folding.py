"""Where the channels of a linear layer's input can be scaled for nothing, by what makes them.

Two things make channels that can be: a norm (LayerNorm, RMSNorm) whose output only linear layers read, and a linear
layer before another when everything between passes a scale of a channel on: a value projection before the output of
an attention, the ungated half before the end of a gated feed-forward part, a layer before a ReLU.

Which those are is not read off the names of an architecture but tried: channels are scaled by powers of two, the
layers that read them by the inverse, and the model is run. Powers of two are exact in floating point, so that the
outputs are the same to the last bits if and only if the scale can be folded. A norm whose output is added to the
residual as well (BERT's, after the layer) fails the trial, for the residual would be scaled too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from persopt.quantization.linears import find_linears, iterate_outputs, weight_view

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ("Fold", "Folds", "find_folds")

_LOOK_BACK: Final = 4
_TOLERANCE: Final = 1e-5
_FACTORS: Final = (0.25, 0.5, 2.0, 4.0)


@dataclass(frozen=True)
class Fold:
    """Channels that can be scaled: made in one place, read by linear layers.

    Attributes:
        kind: What makes them.
        name: Of the first layer that reads them.
        maker: The norm or the linear layer.
        readers: The linear layers; all read the same channels.
        channels: For each channel that is read the number of the one that is made: heads may share a value.
        offset: The norm multiplies by its weight plus this (1 in Gemma's).
    """

    kind: Literal["norm", "linear"]
    name: str
    maker: nn.Module
    readers: tuple[nn.Module, ...]
    channels: Tensor
    offset: float = 0.0

    def gather_peaks(self, peaks: Tensor) -> Tensor:
        """Return of values of the channels read, of those that come from one made channel the greatest, for each."""
        import torch

        made = torch.zeros(int(self.channels.max()) + 1, dtype=peaks.dtype, device=peaks.device)
        channels = self.channels.to(peaks.device)
        return made.scatter_reduce(0, channels, peaks, "amax")[channels]

    def apply(self, scales: Tensor) -> None:
        """Divide the channels by scales, one for each that is read, and multiply the weights that read them."""
        import torch

        with torch.no_grad():
            for reader in self.readers:
                weight_view(reader).mul_(scales)
            made: Any = self.maker
            divisors = torch.ones(len(self._made_weight()), dtype=scales.dtype, device=scales.device)
            divisors[self.channels.to(scales.device)] = scales
            if self.kind == "norm":
                made.weight.copy_((made.weight + self.offset) / divisors - self.offset)
            else:
                weight_view(self.maker).div_(divisors[:, None])
            if getattr(made, "bias", None) is not None:
                made.bias.div_(divisors)

    def _made_weight(self) -> Tensor:
        made: Any = self.maker
        return made.weight.detach() if self.kind == "norm" else weight_view(self.maker)


@dataclass
class Folds:
    """What was found.

    Attributes:
        exact: Those that leave the outputs as they are.
        refused: Names of norms that linear layers read and others too.
    """

    exact: list[Fold] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def explain(self) -> str:
        """Return why norms were left as they are, in plain words; empty if none was."""
        if not self.refused:
            return ""
        return (
            f"the output of {len(self.refused)} norms ({self.refused[0]}, ...) is read by more than linear layers, "
            "as the residual is in models with the norm after the layer: a scale cannot be folded there exactly"
        )


def find_folds(model: nn.Module, batch: Mapping[str, Any]) -> Folds:
    """Return where scales can be folded into a model; it is the same afterwards.

    Args:
        model: In evaluation mode, in float32.
        batch: Inputs; the first row is run, once for each place that is tried.
    """
    row = {name: value[:1] for name, value in batch.items()}
    trace = _trace(model, row)
    expected = next(iterate_outputs(model, [row]))
    found = Folds()

    def holds(fold: Fold) -> bool:
        return _try(model, fold, row, expected)

    for norm, readers in trace.norm_readers:
        fold = _first(_norm_folds(trace, norm, readers), holds)
        if fold is not None:
            found.exact.append(fold)
        else:
            found.refused.append(trace.names[norm])
    done = {id(reader) for fold in found.exact for reader in fold.readers}
    for number, reader in enumerate(trace.order):
        if id(reader) in done or reader in trace.reads_norm:
            continue
        before = [one for one in trace.order[:number] if _near(trace.names[one], trace.names[reader])]
        candidates = (fold for maker in reversed(before[-_LOOK_BACK:]) for fold in _linear_folds(trace, maker, reader))
        fold = _first(candidates, holds)
        if fold is not None:
            found.exact.append(fold)
    return found


@dataclass
class _Trace:
    """What was seen in one run: linear layers in the order of their calls, and what read each norm."""

    names: dict[nn.Module, str]
    head_sizes: tuple[int, ...]
    order: list[nn.Module] = field(default_factory=list)
    norm_readers: list[tuple[nn.Module, tuple[nn.Module, ...]]] = field(default_factory=list)
    reads_norm: set[nn.Module] = field(default_factory=set)


def _trace(model: nn.Module, row: Mapping[str, Any]) -> _Trace:
    """Run one row and look which linear layers read which norm's output: the same memory, or a part of it."""
    names = {module: name for name, module in model.named_modules()}
    linears = [module for module in find_linears(model).values() if not _is_shared(model, module)]
    norms = [module for module in names if _is_norm(module) and not _is_shared(model, module)]
    trace = _Trace(names=names, head_sizes=_find_head_sizes(model))
    made: dict[int, nn.Module] = {}
    outputs: list[Tensor] = []  # kept, so that no other tensor takes their place in memory
    readers: dict[nn.Module, list[nn.Module]] = {}

    def keep(norm: nn.Module, _: Any, output: Any) -> None:
        outputs.append(output)
        made[output.untyped_storage().data_ptr()] = norm

    def look(linear: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if linear not in trace.order:
            trace.order.append(linear)
        norm = made.get(inputs[0].untyped_storage().data_ptr())
        if norm is not None and inputs[0].shape[-1] == outputs_width(norm):
            trace.reads_norm.add(linear)
            if linear not in readers.setdefault(norm, []):
                readers[norm].append(linear)

    def outputs_width(norm: nn.Module) -> int:
        return len(norm.weight)  # type: ignore[arg-type]

    handles = [norm.register_forward_hook(keep) for norm in norms]
    handles += [linear.register_forward_pre_hook(look) for linear in linears]
    try:
        next(iterate_outputs(model, [row]))
    finally:
        for handle in handles:
            handle.remove()
    trace.norm_readers = [(norm, tuple(found)) for norm, found in readers.items()]
    return trace


def _norm_folds(trace: _Trace, norm: nn.Module, readers: tuple[nn.Module, ...]) -> Iterator[Fold]:
    import torch

    width = len(norm.weight)  # type: ignore[arg-type]
    for offset in (0.0, 1.0):
        yield Fold("norm", trace.names[readers[0]], norm, readers, torch.arange(width), offset)


def _linear_folds(trace: _Trace, maker: nn.Module, reader: nn.Module) -> Iterator[Fold]:
    """Give the ways in which the channels that one layer makes can be those that another reads."""
    import torch

    made, read = weight_view(maker).shape[0], weight_view(reader).shape[1]
    ways: list[Tensor] = []
    if made >= read and made % read == 0:  # the whole; or of query, key and value in one, the last
        ways = [torch.arange(made - read, made)]
    elif read % made == 0:  # several heads share a value
        ways = [
            torch.arange(made).view(-1, 1, size).expand(-1, read // made, -1).reshape(-1)
            for size in trace.head_sizes
            if made % size == 0
        ]
    for channels in ways:
        yield Fold("linear", trace.names[reader], maker, (reader,), channels)


def _try(model: nn.Module, fold: Fold, row: Mapping[str, Any], expected: Tensor) -> bool:
    """Scale by powers of two, run, restore, and tell whether the outputs are the same."""
    import torch

    generator = torch.Generator().manual_seed(0)
    made = int(fold.channels.max()) + 1
    factors = torch.tensor(_FACTORS)[torch.randint(len(_FACTORS), (made,), generator=generator)]
    scales = factors[fold.channels].to(expected.device)
    with _restored([fold.maker, *fold.readers]):
        fold.apply(scales)
        output = next(iterate_outputs(model, [row]))
    if output.shape != expected.shape:
        return False
    return bool((output - expected).abs().max() <= _TOLERANCE * expected.abs().max().clamp(min=1e-6))


@contextmanager
def _restored(modules: Sequence[nn.Module]) -> Iterator[None]:
    import torch

    saved = [(value, value.detach().clone()) for module in modules for value in module.parameters(recurse=False)]
    try:
        yield
    finally:
        with torch.no_grad():
            for value, before in saved:
                value.copy_(before)


def _first(folds: Iterator[Fold], holds: Callable[[Fold], bool]) -> Fold | None:
    return next((fold for fold in folds if holds(fold)), None)


def _near(one: str, other: str) -> bool:
    """Return whether two modules lie in the same part of a layer: the names of their grandparents begin alike."""
    return one.split(".")[:-2] == other.split(".")[: len(one.split(".")[:-2])] or (
        one.rpartition(".")[0] == other.rpartition(".")[0]
    )


def _is_norm(module: nn.Module) -> bool:
    weight = getattr(module, "weight", None)
    return "Norm" in type(module).__name__ and weight is not None and weight.dim() == 1


def _is_shared(model: nn.Module, module: nn.Module) -> bool:
    """Return whether another module has the same weight, as a language model's head has the embeddings'."""
    weight = module.weight
    return any(other is not module and getattr(other, "weight", None) is weight for other in model.modules())


def _find_head_sizes(model: nn.Module) -> tuple[int, ...]:
    config: Any = getattr(model, "config", None)
    given = getattr(config, "head_dim", None)
    width, heads = getattr(config, "hidden_size", 0), getattr(config, "num_attention_heads", 0)
    sizes = [given] if given else []
    return tuple(sizes or ([width // heads] if width and heads else []))
