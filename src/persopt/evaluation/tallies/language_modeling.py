"""Causal language modelling: the loss of each block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from persopt.evaluation.tallies.base import TalliedRows, Tally, Writer, cross_entropies

if TYPE_CHECKING:
    import numpy as np

__all__ = ("TokenTally",)

_LARGEST: Final = 700.0  # as `persopt.tuning.tasks.language_modeling`


class TokenTally(Tally):
    """Of each block the loss and the number of tokens."""

    def __init__(self) -> None:
        self._rows: list[Any] = []

    @override
    def add(self, logits: Any, batch: Mapping[str, Any], writer: Writer | None) -> None:
        """Keep the loss of each block."""
        import numpy as np

        self._rows.append(np.stack(cross_entropies(logits, batch["labels"]), axis=1).astype(np.float64))

    @override
    def compute(self) -> TalliedRows:
        """Return the losses by block."""
        import numpy as np

        sums = np.concatenate(self._rows)
        return TalliedRows(sums, None, [None] * len(sums))

    @override
    def score(self, sums: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
        """Return loss and perplexity."""
        import numpy as np

        tokens = np.where(sums[..., 1] > 0, sums[..., 1], np.nan)
        loss = sums[..., 0] / tokens
        return {"loss": loss, "perplexity": np.exp(np.minimum(loss, _LARGEST))}
