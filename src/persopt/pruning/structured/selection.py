"""Which heads, neurons and channels are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor
from transformers import PreTrainedModel

from persopt.domain.errors import ModelError
from persopt.pruning.structured.coupling import ChannelGraph, Coupling
from persopt.pruning.structured.families import Attention
from persopt.pruning.structured.layers import KeptLayers
from persopt.pruning.structured.sizes import Sizes
from persopt.pruning.structured.units import Scores, keep_best

__all__ = ("Selection",)


class Selection:
    """Chooses units and gathers, by parameter, which positions are kept.

    Weights that are cut count no more for what is chosen after them.

    Args:
        graph: What is coupled.
        scores: Importance of each weight.
        before: Sizes of the model.
        after: Sizes that it shall have.
    """

    def __init__(self, graph: ChannelGraph, scores: Scores, before: Sizes, after: Sizes) -> None:
        self._graph, self._scores, self._before, self._after = graph, scores, before, after
        self.kept: dict[tuple[str, int], Tensor] = {}  # by the unique name of a parameter and a dimension

    def keep_heads(self, layers: KeptLayers) -> dict[str, tuple[int, ...]]:
        """Choose the heads of each attention of a stack, and return them by its name."""
        chosen: dict[str, tuple[int, ...]] = {}
        if (self._after.heads, self._after.head_size) == (self._before.heads, self._before.head_size):
            return chosen
        for attention in layers.stack.attentions:
            present = [layer for layer in layers.modules if self._scores.knows(f"{layer}.{attention.output}.weight")]
            # Heads that share a table of biases are cut together, all others by themselves.
            together = [present] if attention.bias else [[layer] for layer in present]
            tables = [f"{layers.path}.0.{attention.bias}"] if attention.bias else []
            for names in together:
                heads = self._keep_heads([self._channels(name, attention) for name in names], tables)
                chosen |= {f"{name}.{attention.core}": heads for name in names}
        return chosen

    def keep_neurons(self, layers: KeptLayers) -> dict[str, tuple[int, ...]]:
        """Choose the neurons of each feed-forward network of a stack, and return them by its name."""
        chosen: dict[str, tuple[int, ...]] = {}
        if self._after.feed_forward == self._before.feed_forward:
            return chosen
        for layer in layers.modules:
            path = f"{layer}.{layers.stack.feed_forward.output}"
            neurons = self._graph.follow(self._graph.inputs_of(path))
            kept = keep_best(self._scores.sum_units(neurons, self._before.feed_forward), self._after.feed_forward)
            self._keep(neurons, kept)
            chosen[path] = tuple(kept.tolist())
        return chosen

    def keep_rest(self, sizes_before: Mapping[str, torch.Size], sizes_after: Mapping[str, torch.Size]) -> list[Tensor]:
        """Choose the channels of whatever is still too wide: the hidden state, then the likes of poolers.

        Args:
            sizes_before: Shapes of the parameters that stay, by their name before the cut.
            sizes_after: Shapes that the new configuration demands, by the same names.

        Returns:
            The channels kept of each group, that of the first parameter first.

        Raises:
            ModelError: if the result would not be what the configuration demands.
        """
        chosen = []
        for name, dimension in _places(sizes_before):
            size = sizes_after[name][dimension]
            if self._size(name, dimension, sizes_before) == size:
                continue
            channels = self._graph.follow((name, dimension))
            kept = keep_best(self._scores.sum_units(channels, sizes_before[name][dimension]), size)
            self._keep(channels, kept)
            chosen.append(kept)
        for name, dimension in _places(sizes_before):
            left, size = self._size(name, dimension, sizes_before), sizes_after[name][dimension]
            if left != size:
                raise ModelError(f"{name} would have size {left} where its configuration demands {size}")
        return chosen

    def _size(self, name: str, dimension: int, sizes_before: Mapping[str, torch.Size]) -> int:
        kept = self.kept.get((self._scores.unique(name), dimension))
        return sizes_before[name][dimension] if kept is None else len(kept)

    def _channels(self, layer: str, attention: Attention) -> tuple[Coupling, Coupling]:
        """Return the channels of the queries, with all coupled to them, and those of the keys where apart."""
        channels = self._graph.follow(self._graph.inputs_of(f"{layer}.{attention.output}"))
        if attention.parts > 1:
            path, width = f"{layer}.{attention.query}", self._before.heads * self._before.head_size
            weight, dimension = self._graph.outputs_of(path)
            for place in ((weight, dimension), (f"{path}.bias", 0)):
                channels[place] = torch.arange(width).repeat(attention.parts)
        apart = self._before.key_value_heads > 1 and attention.key
        keys = self._graph.follow(self._graph.outputs_of(f"{layer}.{attention.key}")) if apart else {}
        return channels, keys

    def _keep_heads(self, attentions: list[tuple[Coupling, Coupling]], tables: Iterable[str]) -> tuple[int, ...]:
        before, after = self._before, self._after
        count = before.key_value_heads if before.key_value_heads > 1 else before.heads
        per_unit = before.heads // count
        left = after.heads // per_unit
        units: Coupling = {}
        for channels, keys in attentions:
            units |= {place: _divide(owners, before.head_size * per_unit) for place, owners in channels.items()}
            units |= {place: _divide(owners, before.head_size) for place, owners in keys.items()}
        units |= {(f"{table}.weight", 1): _divide(torch.arange(before.heads), per_unit) for table in tables}
        kept = keep_best(self._scores.sum_units(units, count), left)
        if after.head_size == before.head_size:
            self._keep(units, kept)
        else:
            for channels, _ in attentions:
                self._keep(channels, self._keep_within(channels, kept))
        return tuple((kept[:, None] * per_unit + torch.arange(per_unit)).flatten().tolist())

    def _keep_within(self, channels: Coupling, heads: Tensor) -> Tensor:
        """Return the best channels of each of these heads."""
        width = self._before.head_size
        scores = self._scores.sum_units(channels, self._before.heads * width).reshape(-1, width)
        return torch.cat([head * width + keep_best(scores[head], self._after.head_size) for head in heads])

    def _keep(self, coupling: Coupling, kept: Tensor) -> None:
        for (name, dimension), owners in coupling.items():
            place = self._scores.unique(name), dimension
            stays = (owners < 0) | torch.isin(owners, kept)
            if place in self.kept and not torch.equal(self.kept[place], stays.nonzero().flatten()):
                raise ModelError(f"dimension {dimension} of {name} belongs to two kinds of units")
            self.kept[place] = stays.nonzero().flatten()
            self._scores.cut(name, dimension, (~stays).nonzero().flatten())


def _divide(owners: Tensor, size: int) -> Tensor:
    return torch.where(owners < 0, owners, owners // size)


def _places(sizes: Mapping[str, torch.Size]) -> Iterator[tuple[str, int]]:
    return ((name, dimension) for name, shape in sizes.items() for dimension in range(len(shape)))


def shapes_of(model: PreTrainedModel) -> dict[str, torch.Size]:
    """Return the shapes of a model's parameters, by each of their names."""
    return {name: parameter.shape for name, parameter in model.named_parameters(remove_duplicate=False)}
