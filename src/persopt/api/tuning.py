"""`persopt.tune`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from persopt.api.running import data_path, make_run_folder, run_durable, telling
from persopt.api.spec_building import as_plain, field_names, find_unknown
from persopt.domain.errors import InputError
from persopt.domain.jobs import Progress
from persopt.domain.objectives import Objective, default_direction
from persopt.domain.reports import TuneReport
from persopt.domain.space import ParameterConfig
from persopt.domain.specs import TuneSpec
from persopt.domain.validation import decode_struct
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_registry
from persopt.settings import load_settings

__all__ = ("build_spec", "tune")


def tune(
    model: str | Path | None = None,
    data: Any = None,
    *,
    config: Mapping[str, ParameterConfig | Mapping[str, Any]] | None = None,
    function: str | Callable[..., Any] | None = None,
    objectives: Sequence[Objective | str] | str | None = None,
    output: str | Path | None = None,
    home: str | Path | None = None,
    durable: bool = False,
    progress: bool | Callable[[Progress], None] = False,
    **options: Any,
) -> TuneReport:
    """Search the best hyperparameters of a model on a data set, and train the model with them.

    Args:
        model: Folder of a Transformers checkpoint, a name in the workspace, or a hub id.
        data: File or folder of the data, a hub id, or a `datasets` object.
        config: The search space: for each hyperparameter a range such as
            `{"min": 1e-5, "max": 1e-3, "distribution": "log_uniform"}`, a list of choices, or one value.
            Without it a usual space is searched.
        function: Tune this importable function `f(params, trial)` instead of a model.
        objectives: Names of metrics (losses and costs are minimized, others maximized) or `Objective`s.
        output: Folder for the best model, new or empty.
        home: The workspace; by default `PERSOPT_HOME` or `./persopt-data`.
        durable: Run as a job, which outlives this program and can be resumed, instead of in it.
        progress: True shows a bar; a function is called with the progress.
        **options: Any other field of `TuneSpec`, in snake_case: `strategy`, `max_trials`, `parallel`, `seed`,
            `time_limit`, `task`, `training`, `command` (tune a program instead of a model), ...; `data` of
            `TuneSpec`, how the data set is read, is `data_options` here.

    Returns:
        The report: best trial, all trials, where the best model lies.

    Raises:
        InputError: with all faults of what was given, before anything runs.
        JobFailedError: if a durable job failed.
        PersoptError: if no trial could succeed.
    """
    settings = load_settings(home=None if home is None else str(home))
    with telling(progress) as tell, data_path(data, settings.datasets) as data_set:
        spec = build_spec(model, data_set, config, function, objectives, output, options)
        if durable:
            return run_durable(spec, TuneReport, str(settings.workspace), tell)
        return _run_here(spec, str(settings.workspace), tell)


def _run_here(spec: TuneSpec, home: str, tell: Callable[[Progress], None] | None) -> TuneReport:
    from persopt.tuning.checks import resolve_tuning
    from persopt.tuning.environment import describe_environment
    from persopt.tuning.journal import MemoryJournal, StudyHistory
    from persopt.tuning.run import run_tuning

    settings = load_settings(home=home)
    registry = load_registry(settings, BUILTIN_MODULES)
    resolved = resolve_tuning(spec, settings, registry)
    return run_tuning(
        resolved,
        settings=settings,
        registry=registry,
        folder=make_run_folder(settings),
        journal=MemoryJournal(on_progress=tell),
        history=StudyHistory(),
        environment=describe_environment(resolved),
    )


def build_spec(
    model: str | Path | None,
    data: str,
    config: Mapping[str, Any] | None,
    function: str | Callable[..., Any] | None,
    objectives: Sequence[Objective | str] | str | None,
    output: str | Path | None,
    options: Mapping[str, Any],
) -> TuneSpec:
    """Build the spec of what was given to `tune`; raise InputError with all faults of it."""
    names = field_names(TuneSpec)
    faults = find_unknown(options, names)
    plain: dict[str, Any] = {names[name]: as_plain(options[name], names[name]) for name in options if name in names}
    plain |= {
        "baseModelPath": "" if model is None else str(model),
        "datasetPath": data,
        "outputDir": None if output is None else str(output),
        "config": as_plain({} if config is None else config, "config"),
        "function": function if function is None or isinstance(function, str) else _function_name(function),
        "objectives": [msgspec.to_builtins(item) for item in _as_objectives(objectives)],
    }
    return decode_struct(plain, TuneSpec, earlier=faults)


def _as_objectives(given: Sequence[Objective | str] | str | None) -> list[Objective]:
    items: Any = [given] if isinstance(given, str | Objective) else given or ()
    if not (isinstance(items, Sequence) and all(isinstance(item, str | Objective) for item in items)):
        raise InputError(f"expected names of metrics or Objectives, got {given!r}", path="$.objectives")
    return [
        item if isinstance(item, Objective) else Objective(metric=item, direction=default_direction(item))
        for item in items
    ]


def _function_name(function: Callable[..., Any]) -> str:
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
    if module in ("", "__main__") or not name.isidentifier():
        raise InputError(
            f"expected a function that another process can import, got {function!r}",
            path="$.function",
            hint="put it into a module, at the top level, and give it or 'module:function'",
        )
    return f"{module}:{name}"
