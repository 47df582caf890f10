"""The Python functions of persopt: in this program, or as a durable job when asked."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from persopt.domain.errors import Fault, InputError
from persopt.domain.ids import new_job_id
from persopt.domain.jobs import JobRecord, Progress
from persopt.domain.languages import LANGUAGES, Language
from persopt.domain.objectives import Objective, default_direction
from persopt.domain.prune_reports import PruneReport
from persopt.domain.prune_specs import PruneConfig, PruneSpec
from persopt.domain.reports import TuneReport
from persopt.domain.space import ParameterConfig
from persopt.domain.specs import JobSpec, TuneSpec
from persopt.domain.validation import decode_struct, describe_choices, suggest
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_registry
from persopt.progress import show_progress
from persopt.runtime import Runtime, raise_unless_succeeded
from persopt.settings import load_settings, make_workspace

__all__ = ("export_study", "load_report", "prune", "tune", "write_report")

ReportT = TypeVar("ReportT", TuneReport, PruneReport)


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
    with _progress(progress) as tell, _data_path(data, settings.datasets) as data_path:
        spec = _build_spec(model, data_path, config, function, objectives, output, options)
        if durable:
            return _run_durable(spec, TuneReport, str(settings.workspace), tell)
        return _run_here(spec, str(settings.workspace), tell)


def prune(
    model: str | Path,
    output: str | Path,
    *,
    data: Any = None,
    config: PruneConfig | Mapping[str, Any] | None = None,
    home: str | Path | None = None,
    durable: bool = False,
    progress: bool | Callable[[Progress], None] = False,
    **options: Any,
) -> PruneReport:
    """Make the least important weights of a model zero, or take units or tokens out, and save it in a new folder.

    Args:
        model: Folder of a Transformers checkpoint, a name in the workspace, or a hub id.
        output: Folder for the pruned model, new or empty.
        data: For methods that need data, and for the vocabulary: a file, a folder, a hub id, or a `datasets` object.
        config: How to prune, as in the body of a request; the fields below go before it.
        home: The workspace; by default `PERSOPT_HOME` or `./persopt-data`.
        durable: Run as a job, which outlives this program, instead of in it.
        progress: True shows a bar; a function is called with the progress.
        **options: Any field of `PruneConfig` or other field of `PruneSpec`, in snake_case: `method`, `sparsity`,
            `scope`, `pattern`, `include`, `exclude`, `method_options`, `structured`, `ratios`, `keep_layers`,
            `vocabulary`, `export`, `seed`, ...

    Returns:
        The report: sizes, latency, the sparsity of each tensor, where the model lies.

    Raises:
        InputError: with all faults of what was given, before anything runs.
        JobFailedError: if a durable job failed.
        PersoptError: if the model could not be pruned.
    """
    settings = load_settings(home=None if home is None else str(home))
    with _progress(progress, "steps") as tell, _data_path(data, settings.datasets) as data_path:
        spec = _build_prune_spec(model, output, data_path, config, options)
        if durable:
            return _run_durable(spec, PruneReport, str(settings.workspace), tell)
        return _prune_here(spec, str(settings.workspace), tell)


def load_report(path: str | Path, kind: type[ReportT] = TuneReport) -> ReportT:  # type: ignore[assignment]
    """Read a `report.json`, by default that of a tuning."""
    return msgspec.json.decode(Path(path).read_bytes(), type=kind)


def export_study(
    study: TuneReport | str,
    path: str | Path,
    *,
    format: str | None = None,
    overwrite: bool = False,
    home: str | Path | None = None,
) -> Path:
    """Write a study for other programs.

    Args:
        study: A report, or the id of a job, which may still be running.
        path: The file.
        format: `optuna` (an SQLite storage that Optuna and optuna-dashboard open), `csv` (a row a trial) or `json`
            (the whole report); by default what the file's ending means: `.db`, `.csv`, `.json`.
        overwrite: Take the place of a file that exists.
        home: The workspace of the job; by default `PERSOPT_HOME` or `./persopt-data`.

    Returns:
        The file's absolute path.

    Raises:
        NotFoundError: if there is no such job.
        ConflictError: if the file exists and is not to be overwritten.
        InputError: if the format is not known.
        OutputError: if the file cannot be written.
    """
    from persopt.tuning.export import check_format, export_report

    target = Path(path).expanduser().absolute()
    export_report(_find_report(study, home), target, check_format(format, target), overwrite=overwrite)
    return target


def write_report(
    study: TuneReport | str,
    path: str | Path,
    *,
    language: Language | None = None,
    overwrite: bool = False,
    home: str | Path | None = None,
) -> Path:
    """Write the HTML report of a study.

    Args:
        study: A report, or the id of a job, which may still be running.
        path: The file.
        language: `fa` or `en`; by default the one that the study was asked to have.
        overwrite: Take the place of a file that exists.
        home: The workspace of the job; by default `PERSOPT_HOME` or `./persopt-data`.

    Returns:
        The file's absolute path.

    Raises:
        NotFoundError: if there is no such job.
        ConflictError: if the file exists and is not to be overwritten.
        InputError: if the language is not known.
        OutputError: if the file cannot be written.
    """
    from persopt.tuning.export import write_html_report

    if language is not None and language not in LANGUAGES:
        raise InputError(f"no such language, {describe_choices(language, LANGUAGES)}", path="$.language")
    report = _find_report(study, home)
    target = Path(path).expanduser().absolute()
    own: Language = report.spec.report_language if report.spec is not None else "en"
    write_html_report(report, target, language or own, overwrite=overwrite)
    return target


def _find_report(study: TuneReport | str, home: str | Path | None) -> TuneReport:
    if isinstance(study, TuneReport):
        return study
    with Runtime.open(load_settings(home=None if home is None else str(home))) as runtime:
        return runtime.kernel.report(study)


def _run_here(spec: TuneSpec, home: str, tell: Callable[[Progress], None] | None) -> TuneReport:
    from persopt.tuning.checks import resolve_tuning
    from persopt.tuning.environment import describe_environment
    from persopt.tuning.journal import MemoryJournal, StudyHistory
    from persopt.tuning.run import run_tuning

    settings = load_settings(home=home)
    registry = load_registry(settings, BUILTIN_MODULES)
    resolved = resolve_tuning(spec, settings, registry)
    folder = make_workspace(settings) / "runs" / new_job_id()
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


def _prune_here(spec: PruneSpec, home: str, tell: Callable[[Progress], None] | None) -> PruneReport:
    from persopt.pruning.checks import resolve_pruning
    from persopt.pruning.run import run_pruning
    from persopt.tuning.environment import describe_environment

    settings = load_settings(home=home)
    registry = load_registry(settings, BUILTIN_MODULES)
    resolved = resolve_pruning(spec, settings, registry)
    folder = make_workspace(settings) / "runs" / new_job_id()
    folder.mkdir(parents=True)
    return run_pruning(
        resolved,
        settings=settings,
        registry=registry,
        folder=folder,
        environment=describe_environment(resolved),
        tell=tell or (lambda _: None),
    )


def _run_durable(spec: JobSpec, kind: type[ReportT], home: str, tell: Callable[[Progress], None] | None) -> ReportT:
    def watch(job: JobRecord) -> None:
        if tell is not None:
            tell(job.progress)

    with Runtime.open(load_settings(home=home)) as runtime:
        job = runtime.run(spec, watch)
        raise_unless_succeeded(job)
        return load_report(runtime.kernel.folder(job.id).report, kind)


@contextlib.contextmanager
def _progress(
    wanted: bool | Callable[[Progress], None], title: str = "trials"
) -> Iterator[Callable[[Progress], None] | None]:
    if callable(wanted):
        yield wanted
    elif wanted:
        with show_progress(title) as tell:
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
    # The field `data` says how the data set is read; the argument `data` is the data set.
    names = {
        "data_options" if field.name == "data" else field.name: field.encode_name
        for field in msgspec.structs.fields(TuneSpec)
    }
    faults = [
        Fault(path=f"$.{name}", message=f"unknown option{suggest(name, names)}", code="unknown")
        for name in options
        if name not in names
    ]
    plain: dict[str, Any] = {names[name]: _as_plain(options[name], names[name]) for name in options if name in names}
    plain |= {
        "baseModelPath": "" if model is None else str(model),
        "datasetPath": data,
        "outputDir": None if output is None else str(output),
        "config": _as_plain({} if config is None else config, "config"),
        "function": function if function is None or isinstance(function, str) else _function_name(function),
        "objectives": [msgspec.to_builtins(item) for item in _as_objectives(objectives)],
    }
    try:
        spec = decode_struct(plain, TuneSpec)
    except InputError as error:
        raise InputError([*faults, *error.faults]) from None
    if faults:
        raise InputError(faults)
    return spec


def _build_prune_spec(
    model: str | Path,
    output: str | Path,
    data: str,
    config: PruneConfig | Mapping[str, Any] | None,
    options: Mapping[str, Any],
) -> PruneSpec:
    inner = {field.name: field.encode_name for field in msgspec.structs.fields(PruneConfig)}
    outer = {field.name: field.encode_name for field in msgspec.structs.fields(PruneSpec)}
    faults = [
        Fault(path=f"$.{name}", message=f"unknown option{suggest(name, inner | outer)}", code="unknown")
        for name in options
        if name not in inner and name not in outer
    ]
    plain = {outer[name]: _as_plain(value, outer[name]) for name, value in options.items() if name in outer}
    within = {inner[name]: _as_plain(value, inner[name]) for name, value in options.items() if name in inner}
    given = {} if config is None else _as_plain(config, "config")
    plain |= {
        "modelPath": str(model),
        "outputPath": str(output),
        "datasetPath": data,
        "config": {**given, **within} if isinstance(given, dict) else given,
    }
    try:
        spec = decode_struct(plain, PruneSpec)
    except InputError as error:
        raise InputError([*faults, *error.faults]) from None
    if faults:
        raise InputError(faults)
    return spec


def _as_plain(value: Any, name: str) -> Any:
    try:
        return msgspec.to_builtins(dict(value) if isinstance(value, Mapping) else value)
    except TypeError as error:
        message = f"expected plain values (mappings, lists, numbers, text), got {value!r}: {error}"
        raise InputError(message, path=f"$.{name}") from None


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


@contextlib.contextmanager
def _data_path(data: Any, datasets: Path) -> Iterator[str]:
    """Give the path of the data; a `datasets` object is saved, and taken away again if the input is refused."""
    if data is None or isinstance(data, str | Path):
        yield "" if data is None else str(data)
        return
    if not hasattr(data, "save_to_disk"):
        raise InputError(
            f"expected a path, a hub id or a datasets object, got {type(data).__name__}", path="$.datasetPath"
        )
    folder = datasets / f"in-memory-{new_job_id()}"
    data.save_to_disk(str(folder))
    try:
        yield str(folder)
    except InputError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
