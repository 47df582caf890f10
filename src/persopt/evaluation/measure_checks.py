"""From what a user asked to have measured to what can be, with every fault at once."""

from __future__ import annotations

from pathlib import Path

from persopt.domain.errors import Fault
from persopt.domain.measure_specs import MeasureSpec
from persopt.domain.spec_resolving import SpecResolver
from persopt.evaluation.shapes import choose_shapes
from persopt.measure.hardware import usable_cpus
from persopt.models.description import ModelDescription, describe_model, is_decoder
from persopt.models.location import locate_model
from persopt.settings import Settings

__all__ = ("resolve_measuring",)


def resolve_measuring(spec: MeasureSpec, settings: Settings) -> MeasureSpec:
    """Check a spec and fill in what it leaves open, before anything is opened.

    Returns:
        The spec with absolute paths, threads, shapes that both models take, and task, columns and splits of the data.

    Raises:
        InputError: with all faults: of the models, the shapes, the data.
    """
    return _Resolver(spec, settings).resolve()


class _Resolver(SpecResolver[MeasureSpec]):
    def __init__(self, spec: MeasureSpec, settings: Settings) -> None:
        super().__init__(spec)
        self._settings = settings

    def _look(self) -> None:
        found = [self._collect(lambda: self._find_model("model_path", "$.modelPath"))]
        if self._spec.against is not None:
            found.append(self._collect(lambda: self._find_model("against", "$.against")))
        models = [one for one in found if one is not None]
        if models:
            self._set_shapes(models)
        if self._spec.dataset_path:
            self._collect(self._inspect_data)
        else:
            self._check_without_data()
        threads = self._spec.threads or usable_cpus()
        if threads > usable_cpus():
            message = f"{threads} threads are more than the {usable_cpus()} processors that may be used here"
            self._faults.append(Fault(path="$.threads", message=message))
        self._set(threads=threads)

    def _find_model(self, field: str, path: str) -> ModelDescription:
        model = locate_model(getattr(self._spec, field), self._settings, path)
        self._set(**{field: str(model)})
        return describe_model(model, path)

    def _set_shapes(self, models: list[ModelDescription]) -> None:
        shapes = choose_shapes(models, self._spec.batch_sizes, self._spec.lengths)
        self._faults += shapes.faults
        self._set(lengths=shapes.lengths, batch_sizes=shapes.batch_sizes)

    def _inspect_data(self) -> None:
        from persopt.data.inspection import inspect_dataset
        from persopt.data.location import locate_dataset

        spec = self._spec
        location = locate_dataset(spec.dataset_path, self._settings)
        decoder = is_decoder(Path(spec.model_path)) if Path(spec.model_path).is_dir() else False
        summary = inspect_dataset(location, spec.data, spec.task, spec.seed, decoder=decoder)
        self._set(dataset_path=str(location), task=summary.task, data=summary.data)
        if spec.split not in summary.rows:
            there = ", ".join(summary.rows)
            message = f"there is no {spec.split} split; the data has {there}"
            self._faults.append(Fault(path="$.split", message=message))

    def _check_without_data(self) -> None:
        if self._spec.task is not None or self._spec.rows is not None:
            message = "is missing: a task and rows are of a data set"
            self._faults.append(Fault(path="$.datasetPath", message=message, hint="name one with --data"))
