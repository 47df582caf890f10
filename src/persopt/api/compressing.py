"""`persopt.prune` and `persopt.quantize`: from a checkpoint to a smaller one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from persopt.api.running import data_path, run_spec, telling
from persopt.api.spec_building import build_config_spec
from persopt.domain.jobs import Progress
from persopt.domain.prune_reports import PruneReport
from persopt.domain.prune_specs import PruneConfig, PruneSpec
from persopt.domain.quantize_reports import QuantizeReport
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec
from persopt.kernel.handlers import find_pruning, find_quantization
from persopt.settings import load_settings

__all__ = ("prune", "quantize")


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
        return run_spec(spec, PruneReport, find_pruning, settings, tell, durable=durable)


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
        return run_spec(spec, QuantizeReport, find_quantization, settings, tell, durable=durable)
