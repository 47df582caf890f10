"""What is zero in the files of a model that was trained after it was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from persopt.domain.prune_reports import TensorSparsity
from persopt.pruning.checkpoint import Shard
from persopt.pruning.streaming import describe_tensors

__all__ = ("recount_tensors",)


def recount_tensors(before: Sequence[TensorSparsity], after: Sequence[Shard]) -> Iterator[TensorSparsity]:
    """Tell of each tensor of a trained model what it was before.

    A body that was saved alone lacks the prefix that its tensors have in a model with a head; tensors of a new head
    have none before.
    """
    known = {one.name: one for one in before}
    known |= {one.name.partition(".")[2]: one for one in before if one.name.partition(".")[2] not in known}
    for one in describe_tensors(after, {}, lambda: None):
        was = known.get(one.name) or known.get(one.name.partition(".")[2])
        if was is None or was.shape != one.shape:
            yield msgspec.structs.replace(one, pruned=False, zeros_before=0)
        else:
            yield msgspec.structs.replace(one, pruned=was.pruned, zeros_before=was.zeros_before)
