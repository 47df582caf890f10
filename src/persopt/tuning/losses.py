"""The loss that all tasks share."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import cross_entropy

from persopt.data.tokenization import IGNORED

__all__ = ("total_loss",)


def total_loss(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Return the sum of the cross-entropies of the judged places.

    Args:
        logits: Shape (..., classes), in any type; computed in float32.
        labels: Shape (...), -100 where a place is not judged.
        smoothing: Label smoothing.
    """
    return cross_entropy(
        logits.reshape(-1, logits.shape[-1]).float(),
        labels.reshape(-1),
        ignore_index=IGNORED,
        reduction="sum",
        label_smoothing=smoothing,
    )
