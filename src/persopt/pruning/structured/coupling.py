"""Which positions of which parameters belong to the same channel: Torch-Pruning's dependency graph.

The graph (Fang et al., 2023, arXiv:2301.12900) finds what is coupled. The cut itself is ours: Torch-Pruning 1.6
may leave the channels of a LayerNorm in another order (it lists a set), unties tied weights and unfreezes frozen ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch_pruning
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from persopt.domain.errors import ModelError
from persopt.pruning.structured.families import Family
from persopt.pruning.structured.skeleton import find_tensors, trace_inputs

__all__ = ("ChannelGraph", "Coupling")

# For each place of a parameter (its name, a dimension): the channel that each position belongs to, or -1.
Coupling = dict[tuple[str, int], Tensor]


class _Conv1DPruner(torch_pruning.BasePruningFunc):  # type: ignore[misc]
    """Tells the graph the size of GPT-2's linear layer, whose weight lies the other way round."""

    def get_out_channels(self, layer: Any) -> int:
        return int(layer.nf)

    def get_in_channels(self, layer: Any) -> int:
        return int(layer.nx)

    def prune_out_channels(self, layer: Any, idxs: Any) -> Any:
        raise NotImplementedError

    def prune_in_channels(self, layer: Any, idxs: Any) -> Any:
        raise NotImplementedError


class ChannelGraph:
    """The coupled channels of an architecture.

    Args:
        skeleton: A model without weights; its attentions are changed so that they can be followed.
        family: Its architecture.
        ties: Names of the parameters that are one and the same, by each of their names.

    Raises:
        ModelError: if the model cannot be followed.
    """

    def __init__(self, skeleton: PreTrainedModel, family: Family, ties: dict[str, tuple[str, ...]]) -> None:
        self._skeleton, self._ties = skeleton, ties
        apart: list[Any] = []
        if family.traced is not None:
            for module in _attentions(skeleton, family):
                module.forward = family.traced(module, apart)

        def forward(model: Any, inputs: dict[str, Any]) -> list[Tensor]:
            return find_tensors(model(**inputs)) + apart

        skeleton.requires_grad_(True)
        try:
            with torch.enable_grad():
                self._graph = torch_pruning.DependencyGraph().build_dependency(
                    skeleton,
                    trace_inputs(skeleton, family),
                    forward_fn=forward,
                    customized_pruners={Conv1D: _Conv1DPruner()},
                    verbose=False,
                )
        except (RuntimeError, ValueError, TypeError, AssertionError, NotImplementedError) as error:
            name = type(skeleton).__name__
            raise ModelError(f"the channels of {name} cannot be followed: {str(error).splitlines()[0]}") from error
        self._names = {parameter: name for name, parameter in skeleton.named_parameters(remove_duplicate=False)}
        self._paths = {module: name for name, module in skeleton.named_modules()}

    def inputs_of(self, path: str) -> tuple[str, int]:
        """Return the place of a linear module's inputs."""
        return f"{path}.weight", _dimensions(self._skeleton.get_submodule(path))[1]

    def outputs_of(self, path: str) -> tuple[str, int]:
        """Return the place of a linear module's outputs."""
        return f"{path}.weight", _dimensions(self._skeleton.get_submodule(path))[0]

    def follow(self, place: tuple[str, int]) -> Coupling:
        """Return all that is coupled to a dimension of a parameter, by the graph and through tied weights.

        Raises:
            ModelError: if the graph does not know the module.
        """
        coupling: Coupling = {}
        waiting = [place]
        while waiting:
            name, dimension = waiting.pop()
            if (name, dimension) in coupling:
                continue
            for found, channels in self._group(name, dimension):
                if found not in coupling:
                    coupling[found] = channels
                    waiting += [(tied, found[1]) for tied in self._ties.get(found[0], ()) if tied != found[0]]
        return coupling

    def _group(self, name: str, dimension: int) -> Iterator[tuple[tuple[str, int], Tensor]]:
        parameter = self._skeleton.get_parameter(name)
        size = parameter.shape[dimension]
        # A parameter that belongs to none of the layers that the graph knows (a class token) stands for itself.
        module: Any = self._skeleton.get_submodule(name.rpartition(".")[0])
        module = parameter if parameter in self._graph.module2node else module
        pruner = self._graph.get_pruner_of_module(module)
        if module not in self._graph.module2node or pruner is None:
            yield (name, dimension), torch.arange(size)  # such as a tied embedding that nothing calls
            return
        outputs = module is parameter or dimension == _dimensions(module)[0]
        group = self._graph.get_pruning_group(
            module, pruner.prune_out_channels if outputs else pruner.prune_in_channels, list(range(size))
        )
        for item in group:
            yield from self._places(item)

    def _places(self, item: Any) -> Iterator[tuple[tuple[str, int], Tensor]]:
        module = item.dep.target.module
        if isinstance(module, nn.Parameter):
            dimension = item.dep.target.pruning_dim % module.dim()
            yield (self._names[module], dimension), _channels(item, module.shape[dimension])
            return
        if module not in self._paths:
            return  # an operation without weights
        path = self._paths[module]
        outputs, inputs = _dimensions(module)
        if self._graph.is_out_channel_pruning_fn(item.dep.handler):
            yield (f"{path}.weight", outputs), _channels(item, module.weight.shape[outputs])
            if getattr(module, "bias", None) is not None:
                yield (f"{path}.bias", 0), _channels(item, module.bias.shape[0])
        else:
            yield (f"{path}.weight", inputs), _channels(item, module.weight.shape[inputs])


def _dimensions(module: Any) -> tuple[int, int]:
    """Return the dimensions of the outputs and the inputs in a module's weight."""
    if isinstance(module, (Conv1D, nn.Embedding)):
        return 1, 0
    return 0, 1


def _channels(item: Any, size: int) -> Tensor:
    channels = torch.full((size,), -1)
    channels[torch.tensor(item.idxs)] = torch.tensor(item.root_idxs)
    return channels


def _attentions(skeleton: PreTrainedModel, family: Family) -> Iterator[nn.Module]:
    cores: Callable[[str], bool] = lambda name: any(  # noqa: E731
        name.endswith(f".{attention.core}") for stack in family.stacks for attention in stack.attentions
    )
    yield from (module for name, module in skeleton.named_modules() if cores(name))
