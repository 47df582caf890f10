"""What can be known before a job of cuts that change a model's shape, of trimming, and of exports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from persopt.domain.errors import Fault, InputError, PersoptError
from persopt.domain.prune_specs import NO_METHOD, PruneConfig, PruneSpec
from persopt.domain.prune_training import PruneTraining
from persopt.domain.structured import StructuredRatios
from persopt.domain.vocabularies import VocabularyOptions

__all__ = (
    "DEFAULT_SPARSITY",
    "check_export",
    "check_shape_fields",
    "check_vocabulary",
    "choose_work",
    "resolve_units",
)

DEFAULT_SPARSITY: Final = 0.5

_NO_FILE: Final = ".persopt-none"  # a folder that is not there: the output is looked at elsewhere
_UNSTRUCTURED: Final = {
    "scope": "units are compared with those of their kind",
    "pattern": "N:M patterns are of single weights",
    "include": "units are cut throughout the model",
    "exclude": "units are cut throughout the model",
    "sparse_copy": "a smaller model has no more zeros than before",
}


def choose_work(config: PruneConfig) -> PruneConfig:
    """Return a config that says whether anything but the vocabulary is to be pruned: if not, its method is `none`."""
    asked = config.structured or config.sparsity or config.pattern is not None
    if config.vocabulary is not None and not asked and not _is_undecided(config):
        config = msgspec.structs.replace(config, method=NO_METHOD)
    if config.method == NO_METHOD:
        return msgspec.structs.replace(config, sparsity=0.0, scope=None)
    return config


def check_shape_fields(spec: PruneSpec) -> Iterator[Fault]:
    """Give the faults of fields that exclude each other."""
    config = spec.config
    yield from _check_method_fields(config)
    if choose_work(config).method == NO_METHOD and spec.training != PruneTraining():
        message = "nothing is trained where only the vocabulary is trimmed"
        yield Fault(path="$.training", message=message, hint="name a method and a sparsity, or leave training out")
    yield from _check_unit_fields(config) if config.structured else _check_weight_fields(config)


def _check_method_fields(config: PruneConfig) -> Iterator[Fault]:
    if config.method == NO_METHOD:
        if config.vocabulary is None:
            hint = "give vocabulary, or the name of a method"
            yield Fault(path="$.config.method", message=f"with {NO_METHOD!r} nothing is to be done", hint=hint)
        for name in ("sparsity", "pattern", "structured"):
            given = getattr(config, name)
            if given:
                message = f"with the method {NO_METHOD!r} only the vocabulary is trimmed, got {given!r}"
                yield Fault(path=f"$.config.{name}", message=message, hint="name a method")
    elif _is_undecided(config):
        message = f"is missing: {config.method!r} is given beside a vocabulary, but not how much is to be pruned"
        yield Fault(path="$.config.sparsity", message=message)


def _check_unit_fields(config: PruneConfig) -> Iterator[Fault]:
    names = {field.name: field.encode_name for field in msgspec.structs.fields(PruneConfig)}
    for name, reason in _UNSTRUCTURED.items():
        given = getattr(config, name)
        if given:
            message = f"is for single weights, not with structured: {reason}, got {given!r}"
            yield Fault(path=f"$.config.{names[name]}", message=message, hint="leave it out")
    if config.sparsity is not None and (config.ratios is not None or config.keep_layers is not None):
        field = "ratios" if config.ratios is not None else "keepLayers"
        message = f"both a sparsity and {field} say how much is cut, got {config.sparsity:g}"
        yield Fault(path="$.config.sparsity", message=message, hint="leave one of them out")


def _check_weight_fields(config: PruneConfig) -> Iterator[Fault]:
    plain = PruneConfig()
    names = {field.name: field.encode_name for field in msgspec.structs.fields(PruneConfig)}
    for name in ("ratios", "keep_layers", "layer_rule", "multiple_of"):
        given = getattr(config, name)
        if given != getattr(plain, name):
            message = f"is for whole units, got {msgspec.to_builtins(given)!r} without structured"
            yield Fault(path=f"$.config.{names[name]}", message=message, hint="give structured=true")


def check_vocabulary(model: Path, options: VocabularyOptions) -> Iterator[Fault]:
    """Give the faults of trimming a checkpoint's vocabulary."""
    from persopt.pruning.vocabulary import check_trimming

    try:
        check_trimming(model, model.parent / _NO_FILE / model.name, options)
    except PersoptError as error:
        for fault in error.faults:
            inner = fault.path.removeprefix("$").removeprefix(".")
            path = f"$.config.vocabulary.{inner}" if inner else "$.config.vocabulary"
            yield msgspec.structs.replace(fault, path=path)


def resolve_units(model: Path, config: PruneConfig) -> PruneConfig:
    """Return a config of structured pruning with its ratios, found from the sparsity if they are not given.

    Raises:
        InputError: if the model cannot be cut so; carries all faults.
        ModelError: if it cannot be cut at all.
    """
    from persopt.models.loading import load_config
    from persopt.models.whole import find_model_class
    from persopt.pruning.structured.shares import choose_ratios
    from persopt.pruning.structured.sizes import plan_sizes

    model_config = load_config(model)
    try:
        if config.ratios is None and config.keep_layers is None:
            sparsity = DEFAULT_SPARSITY if config.sparsity is None else config.sparsity
            if not sparsity:
                raise InputError("0 cuts nothing; expected above 0", path="$.config.sparsity")
            ratios = choose_ratios(model_config, find_model_class(model), sparsity, multiple_of=config.multiple_of)
            return msgspec.structs.replace(config, ratios=ratios, sparsity=sparsity)
        ratios = config.ratios or StructuredRatios()
        plan_sizes(model_config, ratios, multiple_of=config.multiple_of, keep_layers=config.keep_layers)
    except PersoptError as error:
        raise type(error)([msgspec.structs.replace(one, path=_place(one.path)) for one in error.faults]) from None
    return msgspec.structs.replace(config, ratios=ratios)


def check_export(model: Path) -> None:
    """Make sure that a checkpoint's class can be exported to ONNX.

    Raises:
        ModelError: if not.
    """
    from persopt.models.loading import load_config
    from persopt.models.onnx_export import check_exportable
    from persopt.models.whole import find_model_class

    try:
        check_exportable(find_model_class(model), load_config(model), cache=True)
    except PersoptError as error:
        raise type(error)([msgspec.structs.replace(one, path="$.export") for one in error.faults]) from None


def _is_undecided(config: PruneConfig) -> bool:
    asked = config.structured or config.sparsity is not None or config.pattern is not None
    return config.vocabulary is not None and not asked and config.method != PruneConfig().method


def _place(path: str) -> str:
    """Return where a field of the ratios stands in the spec."""
    if path.startswith("$.config"):
        return path
    inner = path.removeprefix("$").removeprefix(".")
    if inner == "keepLayers":
        return "$.config.keepLayers"
    return f"$.config.ratios.{inner}" if inner else "$.modelPath"
