"""Second, of single weights: the checkpoint is rewritten tensor by tensor, the least important weights zero."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from persopt.domain.errors import ModelError
from persopt.domain.prune_reports import TensorSparsity
from persopt.domain.prune_specs import PruneSpec
from persopt.models.description import describe_model
from persopt.models.side_files import copy_side_files
from persopt.plugins.contracts.pruning import ParameterContext
from persopt.pruning.checkpoint import open_shards
from persopt.pruning.recounting import recount_tensors
from persopt.pruning.scoring import Masker, Scorer
from persopt.pruning.selection import SelectedTensor, select_tensors
from persopt.pruning.sparse_format import write_sparse_shard
from persopt.pruning.streaming import describe_tensors, iterate_selected, rewrite_shard
from persopt.pruning.threshold import split_count
from persopt.ticker import Ticker

if TYPE_CHECKING:
    from persopt.pruning.training.driver import PruningTraining

__all__ = ("Masking",)

_GLOBAL_PASSES: Final = 2


class Masking:
    """One pruning of single weights: what is chosen, and how masks are made.

    Args:
        spec: Resolved.
        source: The checkpoint that is pruned, which need not be the one given: its vocabulary may be trimmed.
        scorer: Gives the scores.
        cache: Folder of tokenized data.
        ticker: Looked at before every tensor and batch.
    """

    def __init__(self, spec: PruneSpec, source: Path, scorer: Scorer, cache: Path, ticker: Ticker) -> None:
        self._spec = spec
        self._source = source
        self._scorer = scorer
        self._needs = scorer.method.traits.needs
        self._cache = cache
        self._ticker = ticker
        self._shards = open_shards(source)
        headers = [stored.header for shard in self._shards for stored in shard.tensors]
        kind = describe_model(source).model_type
        selected = select_tensors(headers, kind, spec.config.include, spec.config.exclude)
        self._selected = {one.name: one for one in selected}
        self._global = spec.config.scope == "global" and spec.config.pattern is None
        batches = -(-spec.calibration_rows // spec.batch_size) * len(self._needs)
        passes = _GLOBAL_PASSES * len(selected) if self._global else 0
        ticker.expect(len(headers) * (1 + spec.config.sparse_copy) + passes + batches)

    def write(self, part: Path) -> list[TensorSparsity]:
        """Write the pruned model into a folder and tell of its tensors."""
        gathered = self._gather()
        with _one_thread():
            tensors = list(self._rewrite(part, self._make_masker(gathered)))
        if all(one.zeros == one.zeros_before for one in tensors if one.pruned):
            self._refuse_sparse(tensors)
        copy_side_files(self._source, part)
        return tensors

    @property
    def needs(self) -> frozenset[str]:
        """What the method needs."""
        return self._needs

    @property
    def selected(self) -> list[SelectedTensor]:
        """The chosen tensors, in the order of the files."""
        return list(self._selected.values())

    def train(self, part: Path, training: PruningTraining) -> list[TensorSparsity]:
        """Prune while the model trains; write the model into a folder and tell of its tensors."""
        from persopt.pruning.training.mask_making import MaskMaker

        before = list(describe_tensors(self._shards, self._selected, self._ticker.look))
        if self._spec.config.pattern is None and self._spec.config.scope != "row":
            self._refuse_sparse(before)
        self._ticker.message = "pruning in training"
        maker = MaskMaker(config=self._spec.config, scorer=self._scorer, selected=self.selected)
        training.prune(part, maker, self._needs)
        return list(recount_tensors(before, open_shards(part)))

    def _gather(self) -> dict[str, ParameterContext]:
        if not self._needs:
            return {}
        from persopt.pruning.calibration import gather_contexts

        self._ticker.message = f"gathering {' and '.join(sorted(self._needs))}"
        selected = list(self._selected.values())
        spec = msgspec.structs.replace(self._spec, model_path=str(self._source))
        return gather_contexts(spec, selected, self._needs, self._cache, self._ticker.tick)

    def _rewrite(self, part: Path, masker: Masker) -> Iterator[TensorSparsity]:
        for shard in self._shards:
            self._ticker.message = f"pruning {shard.file.name}"
            yield from rewrite_shard(shard, part / shard.file.name, self._selected, masker.mask, self._ticker.tick)

    def _make_masker(self, gathered: Mapping[str, ParameterContext]) -> Masker:
        config = self._spec.config
        sizes = [math.prod(one.shape) for one in self._selected.values()]
        counts = dict(zip(self._selected, split_count(config.sparsity or 0.0, sizes), strict=True))
        masker = Masker(config, msgspec.structs.replace(self._scorer, gathered=gathered), counts)
        if self._global:
            self._ticker.message = "looking for the threshold"
            masker.find_global_cut(lambda: iterate_selected(self._shards, self._selected, self._ticker.tick))
        return masker

    def _refuse_sparse(self, tensors: Sequence[TensorSparsity]) -> None:
        """Refuse a model in which nothing was to be done: it had as many zeros already."""
        chosen = [one for one in tensors if one.pruned]
        zeros, total = sum(one.zeros_before for one in chosen), sum(one.parameters for one in chosen)
        asked = self._spec.config.sparsity or 0.0
        if asked > 0 and zeros >= round(asked * total) > 0:
            raise ModelError(
                f"is sparse already: {zeros / total:.1%} of the chosen weights of {self._spec.model_path} are zero, "
                f"and {asked:.1%} are asked for",
                path="$.config.sparsity",
                hint="ask for more, or begin with the model before it was pruned",
            )

    def write_sparse(self, part: Path, tensors: Sequence[TensorSparsity]) -> None:
        """Write the sparse copy of the model in a folder, whose tensors are these."""
        nonzero = {one.name: one.parameters - one.zeros for one in tensors if one.pruned}
        folder = part / "sparse"
        folder.mkdir()
        for shard in open_shards(part):
            self._ticker.message = f"encoding {shard.file.name}"
            write_sparse_shard(shard, folder, nonzero, self._ticker.tick)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch compute in one thread meanwhile.

    The work is many short passes over a megabyte at a time: on a machine that is busy, threads that wait for each
    other at the end of each took 13 times the processor time of one.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
