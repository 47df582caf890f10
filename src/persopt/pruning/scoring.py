"""Scores of a checkpoint's tensors by a method, and from them the masks that a config asks for."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from persopt.domain.errors import ModelError, PluginError
from persopt.domain.prune_specs import PruneConfig
from persopt.plugins.contracts.pruning import ParameterContext, PruningMethod
from persopt.plugins.registry import Registry
from persopt.pruning.masks import mask_below, mask_lowest, mask_pattern, mask_rows
from persopt.pruning.selection import SelectedTensor
from persopt.pruning.threshold import Cut, find_cut, iterate_keys

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("Masker", "Scorer", "parameter_seed")


def parameter_seed(seed: int, name: str) -> int:
    """Return the seed of a parameter: another for each name, the same wherever it is computed."""
    return zlib.crc32(f"{seed}/{name}".encode())


class Scorer(Struct, frozen=True, kw_only=True):
    """Asks a method how important the weights of a tensor are.

    Attributes:
        method: The method.
        options: Its options.
        registry: Knows where the method comes from.
        guard: Turns what it raises into an error that names its plugin.
        seed: Seed of the run.
        gathered: What was gathered on data, by the tensor's name.
    """

    method: PruningMethod[Any]
    options: Any
    registry: Registry
    guard: Callable[[], AbstractContextManager[object]]
    seed: int
    gathered: Mapping[str, ParameterContext] = {}

    def score(self, selected: SelectedTensor, tensor: Tensor) -> Tensor:
        """Return a score a weight in the layout of the stored tensor.

        Raises:
            PluginError: if the method raises, or gives another shape or no floats.
            ModelError: if the tensor itself is not finite.
        """
        import torch

        context = self.gathered.get(selected.name, ParameterContext(name=selected.name))
        context = msgspec.structs.replace(context, seed=parameter_seed(self.seed, selected.name))
        given = tensor.t() if selected.transposed else tensor
        with self.guard(), torch.no_grad():
            scores: Any = self.method.importance(self.options, given, context)  # a stranger's may be anything
        if not isinstance(scores, torch.Tensor) or scores.shape != given.shape or not scores.is_floating_point():
            raise self._fault(f"importance must be floats of shape {tuple(given.shape)} for {selected.name}")
        found: Tensor = scores.t() if selected.transposed else scores
        return found

    def keys(self, selected: SelectedTensor, scores: Tensor, tensor: Tensor) -> Iterator[Tensor]:
        """Give the scores as keys, see `persopt.pruning.threshold.iterate_keys`."""
        try:
            yield from iterate_keys(scores, tensor)
        except ValueError:
            raise self.explain_infinite(selected, tensor) from None

    def explain_infinite(self, selected: SelectedTensor, tensor: Tensor) -> ModelError | PluginError:
        """Return the error for scores that are not finite: the weights' fault, or the method's."""
        if not tensor.isfinite().all():
            return ModelError(f"{selected.name} has weights that are not finite; the model is broken")
        return self._fault(f"importance is not finite for {selected.name}")

    def _fault(self, reason: str) -> PluginError:
        return PluginError(self.method.name, self.registry.distribution_of(self.method), reason)


class Masker:
    """Makes the masks of one run, tensor by tensor in the order of the selection.

    Args:
        config: With scope and sparsity filled in.
        scorer: Gives the scores.
        counts: How many weights of each tensor are pruned, by name (for the scope `tensor`).
    """

    def __init__(self, config: PruneConfig, scorer: Scorer, counts: Mapping[str, int]) -> None:
        self._config = config
        self._scorer = scorer
        self._counts = counts
        self._cut: Cut | None = None

    def find_global_cut(self, tensors: Callable[[], Iterator[tuple[SelectedTensor, Tensor]]]) -> None:
        """Find the one threshold of all tensors; `tensors` gives them one at a time and is called twice."""

        def chunks() -> Iterator[Tensor]:
            for selected, tensor in tensors():
                yield from self._scorer.keys(selected, self._scorer.score(selected, tensor), tensor)

        self._cut = find_cut(chunks, sum(self._counts.values()))

    def mask(self, selected: SelectedTensor, tensor: Tensor) -> Tensor:
        """Return True where a weight is to be zero."""
        scores = self._scorer.score(selected, tensor)
        try:
            return self._make(selected, scores, tensor)
        except ValueError:
            raise self._scorer.explain_infinite(selected, tensor) from None

    def _make(self, selected: SelectedTensor, scores: Tensor, tensor: Tensor) -> Tensor:
        config = self._config
        if config.pattern is None and config.scope == "global":
            if self._cut is None:
                raise RuntimeError("the global cut was not looked for")
            mask, self._cut = mask_below(scores, tensor, self._cut)
            return mask
        if config.pattern is None and config.scope == "tensor":
            return mask_lowest(scores, tensor, self._counts[selected.name])
        # Rows are outputs: inputs of a Conv1D come first in the file.
        rows, row_scores = (tensor.t(), scores.t()) if selected.transposed else (tensor, scores)
        if config.pattern is None:
            mask = mask_rows(row_scores, rows, config.sparsity or 0.0)
        else:
            keep, group = map(int, config.pattern.split(":"))
            mask = mask_pattern(row_scores, rows, keep, group)
        return mask.t() if selected.transposed else mask
