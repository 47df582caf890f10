"""The Python functions of persopt: in this program, or as a durable job when asked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from persopt.domain.errors import InputError
from persopt.domain.ids import new_job_id
from persopt.domain.jobs import JobRecord, Progress
from persopt.domain.objectives import Objective, default_direction
from persopt.domain.reports import TuneReport
from persopt.domain.space import ParameterConfig
from persopt.domain.specs import TuneSpec
from persopt.domain.validation import decode_struct
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_registry
from persopt.progress import show_progress
from persopt.runtime import Runtime, raise_unless_succeeded
from persopt.settings import load_settings

__all__ = ("load_report", "tune")


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
            `time_limit`, `task`, `training`, ...

    Returns:
        The report: best trial, all trials, where the best model lies.

    Raises:
        InputError: with all faults of what was given, before anything runs.
        JobFailedError: if a durable job failed.
        PersoptError: if no trial could succeed.
    """
    settings = load_settings(home=None if home is None else str(home))
    data_path = _as_path(data, settings.datasets)
    spec = _build_spec(model, data_path, config, function, objectives, output, options)
    with _progress(progress) as tell:
        if durable:
            return _run_durable(spec, str(settings.workspace), tell)
        return _run_here(spec, str(settings.workspace), tell)


def load_report(path: str | Path) -> TuneReport:
    """Read a `report.json`."""
    return msgspec.json.decode(Path(path).read_bytes(), type=TuneReport)


def _run_here(spec: TuneSpec, home: str, tell: Callable[[Progress], None] | None) -> TuneReport:
    from persopt.tuning.checks import resolve_tuning
    from persopt.tuning.environment import describe_environment
    from persopt.tuning.journal import MemoryJournal, StudyHistory
    from persopt.tuning.run import run_tuning

    settings = load_settings(home=home)
    registry = load_registry(settings, BUILTIN_MODULES)
    resolved = resolve_tuning(spec, settings, registry)
    folder = settings.workspace / "runs" / new_job_id()
    folder.mkdir(parents=True)
    return run_tuning(
        resolved,
        settings=settings,
        registry=registry,
        folder=folder,
        journal=MemoryJournal(on_progress=tell),
        history=StudyHistory(),
        environment=describe_environment(resolved),
    )


def _run_durable(spec: TuneSpec, home: str, tell: Callable[[Progress], None] | None) -> TuneReport:
    def watch(job: JobRecord) -> None:
        if tell is not None:
            tell(job.progress)

    with Runtime.open(load_settings(home=home)) as runtime:
        job = runtime.run(spec, watch)
        raise_unless_succeeded(job)
        return load_report(runtime.kernel.folder(job.id).report)


@contextlib.contextmanager
def _progress(wanted: bool | Callable[[Progress], None]) -> Iterator[Callable[[Progress], None] | None]:
    if callable(wanted):
        yield wanted
    elif wanted:
        with show_progress() as tell:
            yield tell
    else:
        yield None


def _build_spec(
    model: str | Path | None,
    data: str,
    config: Mapping[str, Any] | None,
    function: str | Callable[..., Any] | None,
    objectives: Sequence[Objective | str] | str | None,
    output: str | Path | None,
    options: Mapping[str, Any],
) -> TuneSpec:
    names = {field.name: field.encode_name for field in msgspec.structs.fields(TuneSpec)}
    plain: dict[str, Any] = {names.get(name, name): msgspec.to_builtins(value) for name, value in options.items()}
    plain |= {
        "baseModelPath": "" if model is None else str(model),
        "datasetPath": data,
        "outputDir": None if output is None else str(output),
        "config": msgspec.to_builtins(dict(config or {})),
        "function": function if function is None or isinstance(function, str) else _function_name(function),
        "objectives": [msgspec.to_builtins(item) for item in _as_objectives(objectives)],
    }
    return decode_struct(plain, TuneSpec)


def _as_objectives(given: Sequence[Objective | str] | str | None) -> list[Objective]:
    items = [given] if isinstance(given, str) else list(given or ())
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


def _as_path(data: Any, datasets: Path) -> str:
    if data is None:
        return ""
    if isinstance(data, str | Path):
        return str(data)
    if not hasattr(data, "save_to_disk"):
        raise InputError(
            f"expected a path, a hub id or a datasets object, got {type(data).__name__}", path="$.datasetPath"
        )
    folder = datasets / f"in-memory-{new_job_id()}"
    data.save_to_disk(str(folder))
    return str(folder)
