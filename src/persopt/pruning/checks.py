"""From what a user asked for to a pruning that can run, with every fault that can be known before."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from persopt.domain.errors import Fault
from persopt.domain.prune_specs import NO_METHOD, PruneSpec
from persopt.domain.spec_resolving import SpecResolver
from persopt.models.compressed import check_uncompressed
from persopt.models.description import ModelDescription, check_model, is_decoder
from persopt.models.location import locate_model
from persopt.models.output_folder import check_disk_space, check_output_folder
from persopt.plugins.contracts.pruning import PruningMethod, PruningTraits
from persopt.plugins.guard import plugin_guard
from persopt.plugins.options import decode_options
from persopt.plugins.registry import Registry
from persopt.pruning.data_checks import GATHERED, check_task, check_without_data, wants_training
from persopt.pruning.selection import check_selection
from persopt.pruning.shape_checks import (
    DEFAULT_SPARSITY,
    check_export,
    check_shape_fields,
    check_vocabulary,
    choose_work,
    resolve_units,
)
from persopt.pruning.training.options import check_training, resolve_training
from persopt.settings import Settings

__all__ = ("resolve_pruning",)


_CLOSE: Final = 1e-6


def resolve_pruning(spec: PruneSpec, settings: Settings, registry: Registry) -> PruneSpec:
    """Check a spec and fill in what it leaves open, before a job exists.

    torch is loaded only where the shape of the model changes or it is exported.

    Returns:
        The spec with absolute paths, method, sparsity, scope and ratios, and, if there are data to train on, their
        task, columns and splits and the epochs.

    Raises:
        InputError: with all faults: of the method and its options, sparsity, pattern and scope, the model (one
            that is quantized or sparsely encoded included), patterns that match nothing, ratios that its
            configuration cannot say, a vocabulary that cannot be trimmed, the data, the export, the output.
    """
    return _Resolver(spec, settings, registry).resolve()


class _Resolver(SpecResolver[PruneSpec]):
    def __init__(self, spec: PruneSpec, settings: Settings, registry: Registry) -> None:
        super().__init__(spec)
        self._settings = settings
        self._registry = registry

    def _look(self) -> None:
        self._collect(self._choose_work)
        traits = self._collect(self._check_method)
        self._collect(lambda: self._resolve_config(traits or PruningTraits()))
        model = self._collect(self._find_model)
        description = None if model is None else self._collect(lambda: self._check_model(model, traits))
        if model is not None and description is not None:
            self._collect(lambda: self._check_shapes(model))
        data = self._collect(lambda: self._resolve_data(traits, description)) if traits is not None else None
        self._check_output([item for item in (model, data) if item is not None], description)

    def _choose_work(self) -> None:
        self._faults += check_shape_fields(self._spec)
        self._set(config=choose_work(self._spec.config))

    def _check_method(self) -> PruningTraits:
        config = self._spec.config
        if config.method == NO_METHOD:
            return PruningTraits()
        method: PruningMethod[Any] = self._registry.pruning_method(config.method)
        # Bad options are told, and what else depends on the method is still looked at.
        self._collect(lambda: decode_options(method, config.method_options, "$.config.methodOptions"))
        with plugin_guard(self._registry, method):
            return method.traits

    def _resolve_config(self, traits: PruningTraits) -> None:
        config = self._spec.config
        if config.structured or config.method == NO_METHOD:
            return  # no weight is compared with another
        scope = config.scope or ("row" if traits.compare_within == "row" else "tensor")
        if traits.compare_within == "row" and scope != "row":
            message = f"{config.method!r} compares weights within an output row only, got {scope!r}, accepted: 'row'"
            self._faults.append(Fault(path="$.config.scope", message=message))
        sparsity = DEFAULT_SPARSITY if config.sparsity is None else config.sparsity
        if config.pattern is not None:
            keep, group = map(int, config.pattern.split(":"))
            if keep >= group:
                message = f"expected N:M that keeps fewer than M weights, got {config.pattern!r}"
                self._faults.append(Fault(path="$.config.pattern", message=message))
            elif config.sparsity is not None and abs(config.sparsity - (1 - keep / group)) > _CLOSE:
                message = f"the pattern {config.pattern} gives sparsity {1 - keep / group:g}, got {config.sparsity:g}"
                self._faults.append(Fault(path="$.config.sparsity", message=message, hint="leave one of them out"))
            if config.scope not in (None, "row"):
                message = f"a pattern compares weights within their groups, got {config.scope!r}"
                self._faults.append(Fault(path="$.config.scope", message=message, hint="leave it out"))
            sparsity = max(1 - keep / group, 0.0)
            scope = "row"
        self._set(config=msgspec.structs.replace(config, scope=scope, sparsity=sparsity))

    def _find_model(self) -> Path:
        model = locate_model(self._spec.model_path, self._settings, "$.modelPath")
        self._set(model_path=str(model))
        return model

    def _check_model(self, model: Path, traits: PruningTraits | None) -> ModelDescription:
        needs_data = traits is not None and bool(traits.needs & GATHERED)
        description = check_model(model, "$.modelPath", processor=needs_data)
        tensors = check_uncompressed(model, "pruning")
        if not self._spec.config.structured and self._spec.config.method != NO_METHOD:
            self._faults += check_selection(tensors, description.model_type, self._spec.config)
        return description

    def _check_shapes(self, model: Path) -> None:
        """Look whether the shape can be changed as it is asked, and the result be exported."""
        config = self._spec.config
        if config.vocabulary is not None:
            self._faults += check_vocabulary(model, config.vocabulary)
        if config.structured and not self._faults_of_fields():
            resolved = self._collect(lambda: resolve_units(model, config))
            self._set(config=resolved or config)
        if self._spec.export is not None:
            self._collect(lambda: check_export(model))

    def _faults_of_fields(self) -> bool:
        """Return whether what is asked of units contradicts itself already."""
        return any(fault.path.startswith(("$.config.ratios", "$.config.keepLayers")) for fault in self._faults)

    def _resolve_data(self, traits: PruningTraits, description: ModelDescription | None) -> Path | None:
        spec = self._spec
        if spec.config.vocabulary is not None:
            return self._resolve_texts(traits, description)
        if not spec.dataset_path:
            self._faults += check_without_data(spec, traits)
            return None
        return self._collect(lambda: self._inspect_data(traits, description))

    def _resolve_texts(self, traits: PruningTraits, description: ModelDescription | None) -> Path | None:
        """Look at the data set whose texts say which tokens stay, and which the method may need too."""
        from persopt.data.location import locate_dataset
        from persopt.pruning.stages.trim import find_text_columns

        if not self._spec.dataset_path:
            message = "is missing: the texts of a data set say which tokens of the vocabulary stay"
            self._faults.append(Fault(path="$.datasetPath", message=message))
            return None
        location = self._collect(lambda: locate_dataset(self._spec.dataset_path, self._settings))
        if location is None:
            return None
        self._set(dataset_path=str(location))
        found = self._collect(lambda: find_text_columns(location, self._spec)) is not None
        if found and wants_training(self._spec, traits):
            self._collect(lambda: self._inspect_data(traits, description))
        return location if isinstance(location, Path) else None

    def _inspect_data(self, traits: PruningTraits, description: ModelDescription | None) -> Path | None:
        from persopt.data.inspection import inspect_dataset
        from persopt.data.location import locate_dataset

        spec = self._spec
        self._faults += check_training(spec, traits.needs)
        self._set(training=resolve_training(spec, traits.needs))
        location = locate_dataset(spec.dataset_path, self._settings)
        decoder = description is not None and is_decoder(Path(spec.model_path))
        summary = inspect_dataset(location, spec.data, spec.task, spec.seed, decoder=decoder)
        self._set(dataset_path=str(location), task=summary.task, data=summary.data)
        if description is not None:
            check_model(Path(spec.model_path), "$.modelPath", summary.task)
            self._faults += check_task(spec, traits, description, summary.task, summary.labels)
        return location if isinstance(location, Path) else None

    def _check_output(self, inputs: list[Path], description: ModelDescription | None) -> None:
        given = self._spec.output_path
        if not given.strip():
            self._faults.append(Fault(path="$.outputPath", message="is empty; expected a folder, new or empty"))
            return
        output = Path(given).expanduser().resolve()  # a link to an empty folder cannot be renamed over
        self._set(output_path=str(output))
        faults = list(check_output_folder(output, inputs, "$.outputPath"))
        if description is not None and not faults:
            config = self._spec.config
            trimmed = config.vocabulary is not None and config.method != NO_METHOD  # lies there meanwhile
            copies = 1 + config.sparse_copy + trimmed + (self._spec.export is not None)
            faults += check_disk_space(output, copies * description.bytes, "$.outputPath")
        self._faults += faults
