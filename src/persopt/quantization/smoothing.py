"""SmoothQuant (Xiao et al., arXiv:2211.10438): outliers of activations moved into the weights that read them.

Channel j of a layer's input is divided by s_j = max|X_j|^alpha / max|W_j|^(1 - alpha), and column j of its weight
multiplied by it. The division costs nothing where it can be folded into what makes the channel; see `folding` for
where that is. The model computes what it computed before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from persopt.domain.errors import ModelError
from persopt.quantization.folding import Fold, find_folds
from persopt.quantization.linears import find_linears, iterate_outputs, weight_view

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ("choose_scales", "smooth")

_TOLERANCE: Final = 1e-3
_SMALLEST: Final = 1e-5


def smooth(
    model: nn.Module,
    batches: Iterable[Mapping[str, Any]],
    alpha: float,
    on_batch: Callable[[], None] = lambda: None,
) -> list[str]:
    """Move outliers from activations into weights, in place, and return what was done in plain words.

    The outputs stay the same up to the rounding of float32; that is checked on the first of the batches, and the
    weights are as before if it should not hold.

    Args:
        model: In evaluation mode, in float32.
        batches: Inputs as `Runner.run` takes them, or tensors.
        alpha: 0 leaves all the difficulty in the activations, 1 moves all of it into the weights.
        on_batch: Called before each batch; may raise to end the work, the model being as it was.

    Raises:
        ModelError: if no scale can be folded exactly into this model, or it gives NaN or infinite numbers.
    """
    import torch

    kept = list(batches)
    if not kept:
        raise ModelError("smoothing needs data, and there are no rows")
    before = next(iterate_outputs(model, kept[:1]))
    if not torch.isfinite(before).all():
        raise ModelError("the model gives NaN or infinite numbers on the calibration data")
    folds = find_folds(model, kept[0])
    if not folds.exact:
        raise ModelError(
            "smoothing changes nothing in this model: " + (folds.explain() or "it has no linear layer after a norm"),
            hint="leave the smoothing out",
        )
    peaks = _find_peaks(model, kept, folds.exact, on_batch)
    saved = {name: value.detach().clone() for name, value in model.named_parameters()}
    for fold in folds.exact:
        fold.apply(choose_scales(peaks[fold.name], [weight_view(reader) for reader in fold.readers], alpha, fold))
    after = next(iterate_outputs(model, kept[:1]))
    largest = float(before.abs().max())
    if not torch.allclose(after, before, rtol=_TOLERANCE, atol=_TOLERANCE * max(largest, 1.0)):
        with torch.no_grad():
            for name, value in model.named_parameters():
                value.copy_(saved[name])
        raise ModelError(
            f"smoothing with alpha {alpha:g} changes the outputs by up to {float((after - before).abs().max()):.3g}: "
            "the scales are too far apart for float32",
            hint="take an alpha nearer to 0.5",
        )
    return _tell(model, folds.exact, folds.explain())


def choose_scales(peaks: Tensor, weights: Sequence[Tensor], alpha: float, fold: Fold | None = None) -> Tensor:
    """Return the scale of each channel: its peak to the power of alpha by the weights' to the power of 1 - alpha.

    Args:
        peaks: Greatest |x| of each input channel.
        weights: Of all layers that read the channels, inputs second.
        alpha: Between 0 and 1.
        fold: Where several input channels come from one made channel, these get one scale.

    Returns:
        Positive scales; 1 for a channel that is always zero or that no weight reads.
    """
    import torch

    columns = torch.stack([weight.abs().amax(dim=0) for weight in weights]).amax(dim=0)
    if fold is not None:
        peaks, columns = fold.gather_peaks(peaks), fold.gather_peaks(columns)
    scales = peaks.clamp(min=_SMALLEST).pow(alpha) / columns.clamp(min=_SMALLEST).pow(1 - alpha)
    return torch.where((peaks > 0) & (columns > 0), scales.clamp(min=_SMALLEST), torch.ones_like(scales))


def _find_peaks(
    model: nn.Module, batches: Sequence[Mapping[str, Any]], folds: Sequence[Fold], on_batch: Callable[[], None]
) -> dict[str, Tensor]:
    """Return the greatest |x| of each channel that each fold's readers read."""
    import torch

    peaks: dict[str, Tensor] = {}
    handles = []
    for fold in folds:

        def look(_: Any, inputs: tuple[Tensor, ...], name: str = fold.name) -> None:
            seen = inputs[0].detach().abs().flatten(0, -2).amax(dim=0)
            peaks[name] = torch.maximum(peaks[name], seen) if name in peaks else seen

        handles.append(fold.readers[0].register_forward_pre_hook(look))
    try:
        for batch in batches:
            on_batch()
            for _ in iterate_outputs(model, [batch]):
                pass
    finally:
        for handle in handles:
            handle.remove()
    for name, peak in peaks.items():
        if not torch.isfinite(peak).all():
            raise ModelError(f"the model gives NaN or infinite numbers on the calibration data, before {name}")
    return peaks


def _tell(model: nn.Module, folds: Sequence[Fold], left: str) -> list[str]:
    smoothed = {id(reader) for fold in folds for reader in fold.readers}
    linears = find_linears(model)
    notes = [
        f"smoothing: the inputs of {len(smoothed)} of {len(linears)} linear layers were scaled, by "
        f"{sum(fold.kind == 'norm' for fold in folds)} norms and {sum(fold.kind == 'linear' for fold in folds)} "
        "linear layers before them"
    ]
    return notes + ([f"smoothing: {left}"] if left else [])
