"""Masks of a model in memory, made as those of files are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct
from torch import Tensor

from persopt.domain.prune_specs import PruneConfig
from persopt.plugins.contracts.pruning import ParameterContext
from persopt.pruning.scoring import Masker, Scorer
from persopt.pruning.selection import SelectedTensor
from persopt.pruning.threshold import split_count

__all__ = ("MaskMaker",)


class MaskMaker(Struct, frozen=True, kw_only=True):
    """Makes the masks of the chosen tensors for any sparsity up to the one asked for.

    Attributes:
        config: With scope and sparsity filled in.
        scorer: Gives the scores.
        selected: The chosen tensors, in the order of the files.
    """

    config: PruneConfig
    scorer: Scorer
    selected: Sequence[SelectedTensor]

    def make(
        self, sparsity: float, tensors: Mapping[str, Tensor], contexts: Mapping[str, ParameterContext]
    ) -> dict[str, Tensor]:
        """Return the masks by name, True where a weight is pruned.

        Weights that are zero go first, so that what was pruned stays so. Of an N:M pattern, a lower sparsity
        keeps more than N of every M: as many as make it no sparser than asked.

        Args:
            sparsity: Share of the weights to be zero.
            tensors: The weights by the chosen tensors' names.
            contexts: What was gathered, by the same names.
        """
        config = msgspec.structs.replace(self.config, sparsity=sparsity)
        if config.pattern is not None:
            keep, group = map(int, config.pattern.split(":"))
            keep = max(keep, group - math.floor(sparsity * group + 1e-9))
            config = msgspec.structs.replace(config, pattern=f"{keep}:{group}")
        counts = split_count(sparsity, [math.prod(one.shape) for one in self.selected])
        names = [one.name for one in self.selected]
        masker = Masker(
            config, msgspec.structs.replace(self.scorer, gathered=contexts), dict(zip(names, counts, strict=True))
        )

        def give() -> Iterator[tuple[SelectedTensor, Tensor]]:
            for one in self.selected:
                yield one, tensors[one.name].cpu()

        if config.scope == "global" and config.pattern is None:
            masker.find_global_cut(give)
        return {one.name: masker.mask(one, tensor) for one, tensor in give()}
