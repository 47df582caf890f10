"""From what a user asked for to a spec that can run, with every fault that can be known before."""

from __future__ import annotations

import importlib.machinery
import math
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from persopt.domain.errors import Fault, InputError
from persopt.domain.objectives import Objective
from persopt.domain.partial import require_known
from persopt.domain.space import ParameterConfig, ParameterSpec, Space
from persopt.domain.space_building import build_space
from persopt.domain.spec_resolving import SpecResolver
from persopt.domain.specs import TuneSpec
from persopt.domain.validation import describe_choices
from persopt.models.output_folder import check_disk_space, check_output_folder
from persopt.plugins.contracts.sampling import FiniteStrategy, SamplerRequest, SelectiveStrategy
from persopt.plugins.guard import plugin_guard
from persopt.plugins.options import decode_options
from persopt.plugins.registry import Registry
from persopt.settings import Settings
from persopt.tuning.command_checks import check_command_fields, resolve_command
from persopt.tuning.defaults import DEFAULT_OBJECTIVES, MEASURED_METRICS, TASK_METRICS
from persopt.tuning.enqueuing import check_points
from persopt.tuning.stopping.checks import kept_models, resolve_stopping
from persopt.tuning.task_checks import check_task_fits
from persopt.tuning.warm_start import FindTuning, find_report, resolve_warm_start

__all__ = ("DEFAULT_CONFIG", "resolve_tuning")

DEFAULT_CONFIG: Final[dict[str, ParameterConfig]] = {
    "learningRate": ParameterSpec(min=1e-5, max=2e-4, distribution="log_uniform"),
    "batchSize": [8, 16, 32],
    "epochs": ParameterSpec(min=1, max=3),
    "weightDecay": ParameterSpec(min=0.0, max=0.1),
}
"""What is searched when nothing is said: the ranges in which Transformers models are usually fine-tuned."""


def resolve_tuning(
    spec: TuneSpec, settings: Settings, registry: Registry, find_tuning: FindTuning | None = None
) -> TuneSpec:
    """Check a spec and fill in what it leaves open, before a job exists; torch is not loaded.

    Args:
        spec: What was asked for.
        settings: Where the workspace is.
        registry: The plugins.
        find_tuning: Finds the earlier tuning of a warm start; by default by its `report.json`.

    Returns:
        The spec with absolute paths, the space, the task, the columns and splits of the data, objectives, the
        number of evaluations, what early stopping counts, and the points of a warm start.

    Raises:
        InputError: with all faults: of the space, the strategy and its options, a space that the strategy
            cannot search, the executor, the model, the data, the objectives, the output folder, early stopping,
            the points to begin with.
    """
    return _Resolver(spec, settings, registry, find_tuning).resolve()


class _Resolver(SpecResolver[TuneSpec]):
    def __init__(self, spec: TuneSpec, settings: Settings, registry: Registry, find_tuning: FindTuning | None) -> None:
        if not spec.config and spec.trains_model:
            spec = msgspec.structs.replace(spec, config=DEFAULT_CONFIG)
        super().__init__(spec)
        self._find_tuning = find_tuning or partial(find_report, jobs=settings.jobs)
        self._settings = settings
        self._registry = registry

    def _look(self) -> None:
        space = self._collect(self._build_space)
        self._collect(lambda: self._check_strategy(space))
        self._collect(self._check_executor)
        self._collect(lambda: self._resolve_program(space))
        self._collect(self._check_command_fields)
        self._collect(self._check_objectives)
        self._collect(self._check_constraints)
        self._collect(self._resolve_stopping)
        if space is not None:
            self._collect(lambda: self._resolve_first_points(space))

    def _resolve_program(self, space: Space | None) -> None:
        require_known(self._spec.function, self._spec.command)
        if self._spec.command is not None:
            self._resolve_command(space)
        elif self._spec.function is None:
            self._resolve_training()
        else:
            self._resolve_function()

    def _check_command_fields(self) -> None:
        self._faults += check_command_fields(self._spec)

    def _resolve_stopping(self) -> None:
        self._spec, faults = resolve_stopping(self._spec)
        self._faults += faults

    def _build_space(self) -> Space:
        require_known(self._spec.function, self._spec.command)
        if not self._spec.config:
            raise InputError(
                "is empty; name the parameters of the function or the command, and their values", path="$.config"
            )
        return build_space(self._spec.config, known_only=self._spec.trains_model)

    def _check_strategy(self, space: Space | None) -> None:
        spec = self._spec
        strategy = self._registry.sampling_strategy(spec.strategy)
        options = decode_options(strategy, spec.strategy_options)
        if space is None or not isinstance(strategy, FiniteStrategy | SelectiveStrategy):
            return
        request = SamplerRequest(
            space=space,
            objectives=tuple(spec.objectives),
            study_seed=spec.seed,
            trial_seed=spec.seed,
            trial_number=0,
            max_trials=spec.max_trials,
            parallel=spec.parallel,
            constraints=tuple(spec.constraints),
        )
        with plugin_guard(self._registry, strategy):
            if isinstance(strategy, SelectiveStrategy):
                strategy.check_search(options, request)
            if isinstance(strategy, FiniteStrategy):
                strategy.size(options, request)

    def _check_executor(self) -> None:
        executor = self._registry.trial_executor(self._spec.executor)
        decode_options(executor, self._spec.executor_options, "$.executorOptions")

    def _resolve_training(self) -> None:
        from persopt.models.description import check_model
        from persopt.models.location import locate_model

        model = self._collect(lambda: locate_model(self._spec.base_model_path, self._settings))
        data = self._collect(lambda: self._resolve_data(model))
        output = self._collect(self._find_output)
        self._collect(self._check_task)
        if model is not None:
            self._set(base_model_path=str(model))
            description = self._collect(lambda: check_model(model, task=self._spec.task))
            if description is not None:
                # The best model so far, the one that is being saved, and those of stopped trials.
                needed = (2 + kept_models(self._spec.early_stopping)) * description.bytes
                self._faults += check_disk_space(self._settings.workspace, needed, "")
                if output is not None:
                    self._faults += check_disk_space(output, description.bytes)
        if output is not None:
            self._set(output_dir=str(output))
            self._faults += check_output_folder(output, [item for item in (model, data) if item is not None])

    def _find_output(self) -> Path | None:
        given = self._spec.output_dir
        return None if given is None else Path(given).expanduser().absolute()

    def _check_task(self) -> None:
        spec = self._spec
        if spec.task is not None:
            self._faults += check_task_fits(spec.task, spec.config, spec.training)

    def _resolve_data(self, model: Path | None) -> Path | None:
        """Fill in the data set, the task and the columns; return the data set's place if it lies on this machine."""
        from persopt.data.inspection import inspect_dataset
        from persopt.data.location import locate_dataset
        from persopt.models.description import is_decoder

        spec = self._spec
        location = locate_dataset(spec.dataset_path, self._settings)
        decoder = model is not None and is_decoder(model)
        summary = inspect_dataset(location, spec.data, spec.task, spec.seed, decoder=decoder)
        self._set(dataset_path=str(location), task=summary.task, data=summary.data)
        return location if isinstance(location, Path) else None

    def _resolve_function(self) -> None:
        spec = self._spec
        unused = {
            "$.baseModelPath": spec.base_model_path,
            "$.datasetPath": spec.dataset_path,
            "$.outputDir": spec.output_dir,
        }
        for path, given in unused.items():
            if given:
                self._faults.append(Fault(path=path, message=f"is not used when a function is tuned, got {given!r}"))
        places = [str(Path(place).expanduser().absolute()) for place in spec.function_path or ["."]]
        self._set(function_path=places)
        self._faults += _check_function(spec.function or "", places)

    def _resolve_command(self, space: Space | None) -> None:
        self._spec, faults = resolve_command(self._spec, space, self._registry)
        self._faults += faults

    def _resolve_first_points(self, space: Space) -> None:
        spec = self._spec
        self._faults += check_points(space, spec.enqueue)
        if spec.max_trials is not None and len(spec.enqueue) > spec.max_trials:
            message = f"has {len(spec.enqueue)} points, more than maxTrials {spec.max_trials}"
            self._faults.append(Fault(path="$.enqueue", message=message))
        if spec.warm_start is None:
            return
        if spec.warm_start.points is not None:
            points = [point.params for point in spec.warm_start.points]
            self._faults += check_points(space, points, "$.warmStart.points")
            return
        earlier = self._find_tuning(spec.warm_start.job)
        self._set(warm_start=resolve_warm_start(spec.warm_start, earlier, space, spec.objectives))

    def _check_objectives(self) -> None:
        spec = self._spec
        if not spec.objectives:
            if spec.function is not None:
                self._set(objectives=[Objective(metric="value")])
            elif spec.task is not None:
                self._set(objectives=[DEFAULT_OBJECTIVES[spec.task]])
            return
        seen: set[str] = set()
        for index, objective in enumerate(spec.objectives):
            path = f"$.objectives[{index}].metric"
            if objective.metric in seen:
                self._faults.append(Fault(path=path, message=f"{objective.metric!r} is given twice"))
            seen.add(objective.metric)
            self._check_metric(objective.metric, path)

    def _check_constraints(self) -> None:
        for index, constraint in enumerate(self._spec.constraints):
            path = f"$.constraints[{index}]"
            self._check_metric(constraint.metric, f"{path}.metric")
            low, high = constraint.min, constraint.max
            limits = [limit for limit in (low, high) if limit is not None]
            if not limits:
                message = f"has no limit for {constraint.metric!r}; give max, min or both"
                self._faults.append(Fault(path=path, message=message))
            elif not all(math.isfinite(limit) for limit in limits):
                message = f"expected finite limits, got {constraint}"
                self._faults.append(Fault(path=path, message=message))
            elif low is not None and high is not None and low > high:
                message = f"the lowest accepted value {low:g} is above the highest {high:g}"
                self._faults.append(Fault(path=path, message=message))

    def _check_metric(self, name: str, path: str) -> None:
        """Look whether trainings have a metric of this name; what another program reports is known when it runs."""
        task = self._spec.task
        if task is None or not self._spec.trains_model:
            return
        accepted = (*TASK_METRICS[task], *MEASURED_METRICS)
        if name not in accepted:
            message = f"no metric of {task}, {describe_choices(name, accepted)}"
            self._faults.append(Fault(path=path, message=message, code="unknown"))


def _check_function(function: str, places: list[str]) -> Iterator[Fault]:
    """Look for the module's file without importing anything: a stranger's module may do what it likes."""
    module, _, name = function.partition(":")
    parts = module.split(".")
    if not (name.isidentifier() and all(part.isidentifier() for part in parts)):
        yield Fault(path="$.function", message=f"expected 'package.module:function', got {function!r}")
        return
    if parts[0] in sys.builtin_module_names:
        return
    if importlib.machinery.PathFinder.find_spec(parts[0], [*places, *sys.path]) is None:
        yield Fault(
            path="$.function",
            message=f"no module {parts[0]!r} in {', '.join(places)} or among the installed packages",
            hint="give functionPath, the folder that holds it",
        )
