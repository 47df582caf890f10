"""`persopt.prune`, `persopt.quantize` and `persopt.compress`: from a checkpoint to a smaller one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from persopt.api.running import data_path, make_run_folder, run_durable, telling
from persopt.api.spec_building import as_plain, build_config_spec, field_names, find_unknown
from persopt.domain.compress_reports import CompressReport
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.jobs import Progress
from persopt.domain.prune_reports import PruneReport
from persopt.domain.prune_specs import PruneConfig, PruneSpec
from persopt.domain.quantize_reports import QuantizeReport
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec
from persopt.domain.validation import decode_struct
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.kernel.handlers import find_compression, find_pruning, find_quantization
from persopt.plugins.discovery import load_registry
from persopt.settings import Settings, load_settings

__all__ = ("compress", "prune", "quantize")

SpecT = TypeVar("SpecT", PruneSpec, QuantizeSpec, CompressSpec)
ReportT = TypeVar("ReportT", PruneReport, QuantizeReport, CompressReport)


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
    with telling(progress, "steps") as tell, data_path(data, settings.datasets) as data_set:
        spec = build_config_spec(PruneSpec, model, output, data_set, config, options)
        return _run(spec, PruneReport, find_pruning, settings, tell, durable=durable)


def quantize(
    model: str | Path,
    output: str | Path,
    *,
    data: Any = None,
    config: QuantizeConfig | Mapping[str, Any] | None = None,
    home: str | Path | None = None,
    durable: bool = False,
    progress: bool | Callable[[Progress], None] = False,
    **options: Any,
) -> QuantizeReport:
    """Write a model with fewer bits into a new folder, and measure what it is worth.

    Args:
        model: Folder of a Transformers checkpoint, a name in the workspace, or a hub id.
        output: Folder for the quantized model, new or empty.
        data: To calibrate, train and judge on: a file, a folder, a hub id, or a `datasets` object.
        config: How to quantize, as in the body of a request; the fields below go before it.
        home: The workspace; by default `PERSOPT_HOME` or `./persopt-data`.
        durable: Run as a job, which outlives this program, instead of in it.
        progress: True shows a bar; a function is called with the progress.
        **options: Any field of `QuantizeConfig` or other field of `QuantizeSpec`, in snake_case: `method`, `bits`,
            `symmetric`, `per_channel`, `ranges`, `smoothing`, `keep`, `backend`, `backend_options`, `threads`,
            `training`, ...; `data` of `QuantizeSpec`, how the data set is read, is `data_options` here.

    Returns:
        The report: sizes, speed, memory, quality before and after, the error by layer, where the model lies.

    Raises:
        InputError: with all faults of what was given, before anything runs.
        JobFailedError: if a durable job failed.
        PersoptError: if the model could not be quantized.
    """
    settings = load_settings(home=None if home is None else str(home))
    with telling(progress, "steps") as tell, data_path(data, settings.datasets) as data_set:
        spec = build_config_spec(QuantizeSpec, model, output, data_set, config, options)
        return _run(spec, QuantizeReport, find_quantization, settings, tell, durable=durable)


def compress(
    model: str | Path,
    data: Any,
    output: str | Path | None = None,
    *,
    home: str | Path | None = None,
    durable: bool = False,
    progress: bool | Callable[[Progress], None] = False,
    **options: Any,
) -> CompressReport:
    """Search how to trim, prune, train and quantize a model so that it is as fast or as small as a target allows.

    Args:
        model: Folder of a fine-tuned Transformers checkpoint, a name in the workspace, or a hub id.
        data: Labelled data to train and judge on: a file, a folder, a hub id, or a `datasets` object.
        output: Folder for the chosen model, new or empty; by default it stays with the run.
        home: The workspace; by default `PERSOPT_HOME` or `./persopt-data`.
        durable: Run as a job, which outlives this program, instead of in it.
        progress: True shows a bar; a function is called with the progress.
        **options: Any other field of `CompressSpec`, in snake_case: `max_accuracy_drop` (points), `minimize`
            (`latency` or `size`), `max_size` (`"20MB"`), `max_latency` (`"5ms"`), `budget` (`"30m"`),
            `max_candidates`, `techniques`, `methods`, `backends`, `threads`, `seed`, ...; `data` of `CompressSpec`,
            how the data set is read, is `data_options` here.

    Returns:
        The report: whether the target was met, the chosen recipe, all candidates and the Pareto front, the test.

    Raises:
        InputError: with all faults of what was given, before anything runs; if the budget is too short.
        JobFailedError: if a durable job failed.
        PersoptError: if no candidate could be judged.
    """
    settings = load_settings(home=None if home is None else str(home))
    with telling(progress, "candidates") as tell, data_path(data, settings.datasets) as data_set:
        names = field_names(CompressSpec)
        plain = {names[name]: as_plain(value, names[name]) for name, value in options.items() if name in names}
        plain |= {
            "modelPath": str(model),
            "datasetPath": data_set,
            "outputPath": "" if output is None else str(output),
        }
        spec = decode_struct(plain, CompressSpec, earlier=find_unknown(options, names))
        return _run(spec, CompressReport, find_compression, settings, tell, durable=durable)


def _run(
    spec: SpecT,
    kind: type[ReportT],
    find_functions: Callable[[], tuple[Callable[..., SpecT], Callable[..., ReportT]]],
    settings: Settings,
    tell: Callable[[Progress], None] | None,
    *,
    durable: bool,
) -> ReportT:
    """Run a spec as a job, or here."""
    from persopt.tuning.environment import describe_environment

    if durable:
        return run_durable(spec, kind, str(settings.workspace), tell)
    resolve, run = find_functions()
    registry = load_registry(settings, BUILTIN_MODULES)
    resolved = resolve(spec, settings, registry)
    return run(
        resolved,
        settings=settings,
        registry=registry,
        folder=make_run_folder(settings),
        environment=describe_environment(resolved),
        tell=tell or (lambda _: None),
    )
