"""From what a user asked for to a comparison that can run, with every fault that can be known before."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import msgspec

from persopt.comparison.job_models import find_job_model
from persopt.comparison.model_checks import FoundModel, check_against_data, check_models, look_at_model
from persopt.comparison.naming import check_labels, name_models
from persopt.comparison.slicing import check_columns
from persopt.comparison.unlabelled import find_unlabelled
from persopt.data.column_kinds import LABELS_PATH
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.errors import DataError, Fault
from persopt.domain.programs import DataSpec, TaskName
from persopt.domain.spec_resolving import SpecResolver
from persopt.evaluation.shapes import choose_shapes
from persopt.measure.hardware import usable_cpus
from persopt.models.description import is_decoder
from persopt.models.location import locate_model
from persopt.plugins.registry import Registry
from persopt.settings import Settings

__all__ = ("resolve_comparison",)

_FEWEST = 2
_NONE = "if the rows have no labels, say so by an empty labelColumn (--label-column '')"


def resolve_comparison(spec: CompareSpec, settings: Settings, registry: Registry) -> CompareSpec:
    """Check a spec and fill in what it leaves open, before a job exists. torch is not loaded.

    Returns:
        The spec with absolute paths, a name for each model, threads, shapes that all models take, and, if there are
        data, their task, columns and splits; without a label column the rows have no labels.

    Raises:
        InputError: with all faults: too few models, models that are not there or cannot be compared (of different
            tasks, inputs or classes), jobs without a model, the shapes, the data.
    """
    del registry  # the backends are asked when the models are opened
    return _Resolver(spec, settings).resolve()


class _Resolver(SpecResolver[CompareSpec]):
    def __init__(self, spec: CompareSpec, settings: Settings) -> None:
        super().__init__(spec)
        self._settings = settings

    def _look(self) -> None:
        models = self._collect(self._find_models) or []
        if models:
            self._faults += check_models(models)
            self._collect(lambda: self._set_shapes(models))
        self._collect(lambda: self._resolve_data(models))
        self._collect(self._set_threads)

    def _find_models(self) -> list[FoundModel]:
        given = self._spec.model_paths
        if len(given) < _FEWEST:
            message = f"expected at least {_FEWEST} models, the baseline first, got {len(given)}"
            self._faults.append(Fault(path="$.modelPaths", message=message))
        folders = [self._collect(partial(self._find_folder, index)) for index in range(len(given))]
        self._collect(lambda: self._name(folders))
        found = [
            self._collect(partial(look_at_model, index, given[index], folder))
            for index, folder in enumerate(folders)
            if folder is not None
        ]
        return [model for model in found if model is not None]

    def _set_shapes(self, models: list[FoundModel]) -> None:
        shapes = choose_shapes([model.description for model in models], self._spec.batch_sizes, self._spec.lengths)
        self._faults += shapes.faults
        self._set(batch_sizes=shapes.batch_sizes, lengths=shapes.lengths)

    def _resolve_data(self, models: list[FoundModel]) -> None:
        if self._spec.dataset_path:
            self._inspect_data(models)
        else:
            self._check_without_data()

    def _find_folder(self, index: int) -> Path:
        given, path = self._spec.model_paths[index], f"$.modelPaths[{index}]"
        if not Path(given).expanduser().is_dir():
            made = find_job_model(given, self._settings.jobs, path)
            if made is not None:
                return made.absolute()
        return locate_model(given, self._settings, path)

    def _name(self, folders: list[Path | None]) -> None:
        found = [folder for folder in folders if folder is not None]
        if self._spec.labels:
            self._faults += check_labels(self._spec.labels, len(folders))
        elif len(found) == len(folders):
            self._set(labels=name_models(found))
        if len(found) == len(folders):
            self._set(model_paths=[str(folder) for folder in found])

    def _inspect_data(self, models: list[FoundModel]) -> None:
        from persopt.data.inspection import inspect_dataset
        from persopt.data.location import locate_dataset

        spec = self._spec
        location = locate_dataset(spec.dataset_path, self._settings)
        self._set(dataset_path=str(location))
        decoder = any(is_decoder(model.folder) for model in models)
        known = next((model.task for model in models if model.task is not None), None)
        if spec.data.label_column == "":
            self._take_unlabelled(models, location, spec.task or known)
            return
        try:
            summary = inspect_dataset(location, spec.data, spec.task, spec.seed, decoder=decoder)
        except DataError as error:
            task = spec.task or known
            data = find_unlabelled(location, spec.data, spec.split, task)
            if data is None:
                raise _hint_at_none(error, spec.data) from error
            assert task is not None  # there is none without
            self._set(task=task, data=data)
            self._faults += check_against_data(models, task, [])
        else:
            self._set(task=summary.task, data=summary.data)
            if spec.split not in summary.rows:
                message = f"there is no {spec.split} split; the data has {', '.join(summary.rows)}"
                self._faults.append(Fault(path="$.split", message=message))
            found = None if spec.data.label_column is not None else summary.data.label_column
            self._faults += check_against_data(models, summary.task, summary.labels, found)
        self._faults += check_columns(self._spec, location)

    def _take_unlabelled(self, models: list[FoundModel], location: Path | str, task: TaskName | None) -> None:
        """Take rows as such that have no labels, as an empty label column says."""
        spec = self._spec
        data = find_unlabelled(location, spec.data, spec.split, task)
        if data is None:
            what = "the task is not known" if task is None else f"{task} is judged by what the rows hold"
            message = f"is empty, which says that the rows have no labels, but {what}"
            hint = "name the task with `task` (--task)" if task is None else "leave it out"
            raise DataError(message, path=LABELS_PATH, hint=hint)
        assert task is not None  # there is none without
        self._set(task=task, data=data)
        self._faults += check_against_data(models, task, [])
        self._faults += check_columns(self._spec, location)

    def _check_without_data(self) -> None:
        spec = self._spec
        needed = {"task": spec.task, "rows": spec.rows, "sliceBy": spec.slice_by or None}
        named = [name for name, value in needed.items() if value is not None]
        if named:
            message = f"is missing: {' and '.join(named)} are of a data set"
            self._faults.append(Fault(path="$.datasetPath", message=message, hint="name one with --data"))
        if not (spec.speed or spec.memory):
            message = "is missing, and neither speed nor memory is to be measured: there is nothing to compare"
            self._faults.append(Fault(path="$.datasetPath", message=message, hint="name one with --data"))

    def _set_threads(self) -> None:
        threads = self._spec.threads or usable_cpus()
        if threads > usable_cpus():
            message = f"{threads} threads are more than the {usable_cpus()} processors that may be used here"
            self._faults.append(Fault(path="$.threads", message=message))
        self._set(threads=threads)


def _hint_at_none(error: DataError, data: DataSpec) -> DataError:
    """Return the error with how to have no labels, where a column was taken for them that nobody named."""
    if data.label_column is not None:
        return error
    faults = [
        msgspec.structs.replace(fault, hint="; ".join(filter(None, (fault.hint, _NONE))))
        if fault.path == LABELS_PATH
        else fault
        for fault in error.faults
    ]
    return DataError(faults)
