"""Making a model what its new configuration says, in place."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel

from persopt.pruning.structured.layers import KeptLayers

__all__ = ("adopt_skeleton", "cut_parameters", "remove_layers")

_PLAIN: Final = (bool, int, float, str, tuple, type(None))


def cut_parameters(model: PreTrainedModel, kept: Mapping[tuple[str, int], Tensor]) -> None:
    """Keep only these positions of the parameters; tied ones stay tied, frozen ones frozen.

    Args:
        model: Changed in place; gradients are dropped.
        kept: Positions in ascending order, by a parameter's first name and a dimension.
    """
    owners: dict[nn.Parameter, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        owners.setdefault(parameter, []).append(name)
    for parameter, names in owners.items():
        value = parameter.detach()
        for dimension in range(value.dim()):
            if (names[0], dimension) in kept:
                value = value.index_select(dimension, kept[names[0], dimension].to(value.device))
        if value.shape == parameter.shape:
            continue
        smaller = nn.Parameter(value.contiguous(), requires_grad=parameter.requires_grad)
        for name in names:
            path, _, attribute = name.rpartition(".")
            setattr(model.get_submodule(path), attribute, smaller)


def remove_layers(model: PreTrainedModel, layers: Sequence[KeptLayers]) -> None:
    """Keep only these layers; what only the first one has moves to the new first one."""
    for kept in layers:
        if not kept.gone:
            continue
        all_of_them: Any = model.get_submodule(kept.path)
        stack = [all_of_them[number] for number in kept.numbers]
        for path in kept.stack.first_only:
            parent, _, name = path.rpartition(".")
            moved = all_of_them[0].get_submodule(path)
            delattr(all_of_them[0].get_submodule(parent), name)
            setattr(stack[0].get_submodule(parent), name, moved)
        path, _, name = kept.path.rpartition(".")
        setattr(model.get_submodule(path), name, nn.ModuleList(stack))


def adopt_skeleton(
    model: PreTrainedModel, before: PreTrainedModel, after: PreTrainedModel, name_before: Callable[[str], str]
) -> dict[str, object]:
    """Take over whatever constructors make of the new configuration, and the configuration itself.

    What a user changed by hand (a dropout, a hook) stays, because only what differs between the two skeletons is
    taken over. Queries are scaled so that scores stay what they were where a constructor derives another scale.

    Args:
        model: With the parameters and layers that it shall have.
        before: Skeleton of the configuration before the cut.
        after: Skeleton of the configuration now.
        name_before: Gives what a module was called before.

    Returns:
        The fields of the configuration that changed.
    """
    configs: dict[int, PreTrainedConfig] = {}
    given: dict[int, PreTrainedConfig] = {}  # kept, so that no id is given twice
    changed = _differences(before.config, after.config)
    for name, new in after.named_modules():
        old, module = before.get_submodule(name_before(name)), model.get_submodule(name)
        for attribute, value in _differences(old, new).items():
            if isinstance(value, _PLAIN):
                setattr(module, attribute, value)
        config: Any = getattr(module, "config", None)
        if isinstance(config, PreTrainedConfig):
            if id(config) not in configs:
                # The object given may be another model's too, so the change is made in a copy.
                given[id(config)], configs[id(config)] = config, copy.deepcopy(config)
                for field, value in _differences(old.config, new.config).items():
                    setattr(configs[id(config)], field, value)
            setattr(module, "config", configs[id(config)])  # noqa: B010 - modules take only modules and tensors by type
    return changed


def _differences(old: Any, new: Any) -> dict[str, Any]:
    was, now = vars(old), vars(new)
    return {
        name: value
        for name, value in now.items()
        if isinstance(value, (*_PLAIN, list)) and (name not in was or was[name] != value)
    }
