"""Structured pruning of a model in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import PreTrainedConfig, PreTrainedModel

from persopt.domain.errors import InputError, ModelError
from persopt.pruning.structured.coupling import ChannelGraph
from persopt.pruning.structured.cut import Cut, Scaling
from persopt.pruning.structured.families import Family, find_family
from persopt.pruning.structured.layers import KeptLayers, keep_layers
from persopt.pruning.structured.ratios import LayerRule, StructuredRatios
from persopt.pruning.structured.report import StructuredReport
from persopt.pruning.structured.selection import Selection, shapes_of
from persopt.pruning.structured.sizes import Sizes, plan_sizes, read_sizes
from persopt.pruning.structured.skeleton import build_skeleton, resize_config
from persopt.pruning.structured.surgery import adopt_skeleton, cut_parameters, remove_layers
from persopt.pruning.structured.units import Importance, Scores

__all__ = ("cut_to_sizes", "prune_structured")


def prune_structured(
    model: PreTrainedModel,
    importance: Importance,
    ratios: StructuredRatios,
    *,
    layers: LayerRule | Sequence[int] = "importance",
    multiple_of: int = 1,
) -> StructuredReport:
    """Cut heads, neurons, hidden channels and layers out of a model, and change its configuration to match.

    Afterwards `save_pretrained` writes a smaller checkpoint that plain `from_pretrained` loads. Of each kind the
    units with the lowest importance, summed over all weights that belong to the unit, are cut; weights cut
    before (layers, then heads, then neurons, then channels) do not count. Every layer keeps the same number, but
    not the same ones. Labels and vocabulary are never cut. Nothing is changed if an error is raised.

    Args:
        model: Changed in place; its gradients are dropped, and its configuration is a new object.
        importance: Gives, of a parameter's name and the parameter, a score of the same shape; higher = keep.
        ratios: What is cut.
        layers: How layers are chosen: by summed importance, `evenly` spread with the first and the last among
            them, `alternate` (from the one below the last downwards every other one goes, Sajjad et al., 2023; evenly
            where more than half go), the `first`, or the numbers of those to keep instead of a ratio.
        multiple_of: The neurons and the hidden width that are left are multiples of it, where they are cut.

    Raises:
        ModelError: if this architecture cannot be cut, with what can be done instead.
        InputError: if the ratios are not possible (all such faults at once), or a score has another shape than
            its parameter or is not finite.
    """
    chosen = None if isinstance(layers, str) else layers
    after = plan_sizes(model.config, ratios, multiple_of=multiple_of, keep_layers=chosen)
    return cut_to_sizes(model, importance, after, layers=layers).report


def cut_to_sizes(
    model: PreTrainedModel,
    importance: Importance,
    after: Sizes,
    *,
    layers: LayerRule | Sequence[int] = "importance",
    origin: Sizes | None = None,
) -> Cut:
    """Cut a model to sizes that its configuration can say; see `prune_structured`.

    Args:
        model: Changed in place.
        importance: As for `prune_structured`.
        after: None larger than now.
        layers: How layers are chosen, or their numbers.
        origin: Sizes before any cut, for the notes, if this is not the first.

    Raises:
        ModelError, InputError: as `prune_structured`.
    """
    config, family = model.config, find_family(model.config)
    before = read_sizes(config)
    skeleton = build_skeleton(type(model), config)
    _check_plain(model, skeleton)
    parameters_before = _count(model)
    scores = Scores(model, importance)
    graph = _follow(model, family)
    kept_layers = keep_layers(model, family, dict(after.layers), scores, layers)
    numbers = {kept.stack.count: kept.numbers for kept in kept_layers}
    smaller = build_skeleton(type(model), _resize(config, family, after, numbers))

    selection = Selection(graph, scores, before, after)
    heads: dict[str, tuple[int, ...]] = {}
    neurons: dict[str, tuple[int, ...]] = {}
    for kept in kept_layers:
        heads |= selection.keep_heads(kept)
    for kept in kept_layers:
        neurons |= selection.keep_neurons(kept)

    def name_before(name: str) -> str:
        for kept in kept_layers:
            name = kept.name_before(name)
        return name

    demanded = {name_before(name): shape for name, shape in shapes_of(smaller).items()}
    there = shapes_of(model)
    channels = selection.keep_rest({name: there[name] for name in demanded}, demanded)

    cut_parameters(model, selection.kept)
    remove_layers(model, kept_layers)
    scaled = dict(_find_scales(skeleton, smaller, kept_layers, after))
    for name, scaling in scaled.items():
        scaling.apply(model.get_parameter(name))
    changed = adopt_skeleton(model, skeleton, smaller, name_before)
    report = StructuredReport(
        parameters_before=parameters_before,
        parameters_after=_count(model),
        changed=changed,
        layers={kept.path: kept.numbers for kept in kept_layers},
        heads=heads,
        feed_forward=neurons,
        hidden=tuple(channels[0].tolist()) if channels and after.hidden < before.hidden else (),
        notes=_notes(family, origin or before, after, kept_layers),
    )
    names = {name: scores.unique(name_before(name)) for name in shapes_of(model)}
    return Cut(report=report, kept=selection.kept, names=names, name_before=name_before, scaled=scaled)


def _resize(
    config: PreTrainedConfig, family: Family, sizes: Sizes, layers: Mapping[str, tuple[int, ...]]
) -> PreTrainedConfig:
    resized = resize_config(config, family, sizes, layers)
    try:
        resized.validate()
    except StrictDataclassError as error:  # it would else only be noticed when the result is loaded
        reason = str(error).strip().splitlines()[-1].strip()
        raise InputError(f"{family.name} does not take the configuration after this cut: {reason}") from error
    return resized


def _check_plain(model: PreTrainedModel, skeleton: PreTrainedModel) -> None:
    """Refuse a model whose parameters are not what its configuration makes."""
    name = type(model).__name__
    if getattr(model.config, "quantization_config", None) is not None:
        raise ModelError(f"{name} is quantized; prune first, then quantize")
    if getattr(model, "peft_config", None) is not None:
        raise ModelError(f"{name} has adapters; merge them into it first (`merge_and_unload`)")
    if any(parameter.is_meta for parameter in model.parameters()):
        raise ModelError(f"{name} has parameters without values (on the meta device); load it onto the CPU first")
    plain, there = shapes_of(skeleton), shapes_of(model)
    for path in sorted({*plain, *there}):
        if plain.get(path) != there.get(path):
            raise InputError(
                f"{name} does not fit its own configuration: {path} has shape {there.get(path)}, "
                f"the configuration says {plain.get(path)}"
            )


def _follow(model: PreTrainedModel, family: Family) -> ChannelGraph:
    """Return the coupled channels, found without values where that can be: they take a copy's memory."""
    try:
        return ChannelGraph(build_skeleton(type(model), model.config), family, _ties(model))
    except ModelError:
        return ChannelGraph(build_skeleton(type(model), model.config, "cpu"), family, _ties(model))


def _ties(model: PreTrainedModel) -> dict[str, tuple[str, ...]]:
    names: dict[torch.nn.Parameter, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        names.setdefault(parameter, []).append(name)
    return {name: tuple(tied) for tied in names.values() if len(tied) > 1 for name in tied}


def _find_scales(
    before: PreTrainedModel, after: PreTrainedModel, layers: Sequence[KeptLayers], sizes: Sizes
) -> Iterator[tuple[str, Scaling]]:
    """Give the queries to scale so that scores stay what they were where the smaller model derives another scale."""
    for kept in layers:
        for attention in kept.stack.attentions:
            for number, layer in enumerate(kept.modules):
                now = layer if kept.stack.shared else f"{kept.path}.{number}"
                try:
                    old: Any = before.get_submodule(f"{layer}.{attention.core}")
                except AttributeError:
                    continue  # a decoder without cross-attention
                new: Any = after.get_submodule(f"{now}.{attention.core}")
                if old.scaling == new.scaling:
                    continue
                path = f"{now}.{attention.query}"
                query: Any = after.get_submodule(path)
                rows, factor = sizes.heads * sizes.head_size, old.scaling / new.scaling
                yield f"{path}.weight", Scaling(1 if attention.parts > 1 else 0, rows, factor)
                if query.bias is not None:
                    yield f"{path}.bias", Scaling(0, rows, factor)


def _notes(family: Family, before: Sizes, after: Sizes, layers: Sequence[KeptLayers]) -> tuple[str, ...]:
    notes = []
    if not family.head_size and after.hidden < before.hidden:
        notes.append(
            f"{family.name} ties the hidden width to its heads: {after.heads} heads of {after.head_size} channels "
            f"(before: {before.heads} of {before.head_size})"
        )
    if any(kept.stack.shared and len(kept.numbers) < before.layers[kept.stack.count] for kept in layers):
        notes.append(f"all layers of {family.name} share their weights: fewer save time, not space")
    if family.name == "ViT" and after.heads * after.head_size != after.hidden:
        notes.append("this ViT loads with a Transformers whose ViT reads `head_dim` (5.23 does), not with older ones")
    return tuple(notes)


def _count(model: PreTrainedModel) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
