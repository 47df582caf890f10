"""`persopt.compare`: models beside one another, with a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from persopt.api.running import data_path, run_spec, telling
from persopt.api.spec_building import as_plain, field_names, find_unknown
from persopt.domain.compare_reports import CompareReport
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.errors import InputError
from persopt.domain.jobs import Progress
from persopt.domain.validation import decode_struct
from persopt.kernel.handlers import find_comparison
from persopt.settings import load_settings

__all__ = ("compare",)


def compare(
    models: Sequence[str | Path],
    data: Any = None,
    *,
    home: str | Path | None = None,
    durable: bool = False,
    progress: bool | Callable[[Progress], None] = False,
    **options: Any,
) -> CompareReport:
    """Compare models with the first of them: speed in turn, quality on the same rows, memory, size; with a verdict.

    Args:
        models: Two or more, the baseline first: folders of checkpoints or artifacts, names in the workspace, hub ids,
            or ids of jobs whose result is a model.
        data: To judge on: a file, a folder, a hub id, or a `datasets` object; without it no quality is told.
        home: The workspace; by default `PERSOPT_HOME` or `./persopt-data`.
        durable: Run as a job, which outlives this program, instead of in it.
        progress: True shows a bar; a function is called with the progress.
        **options: Any other field of `CompareSpec`, in snake_case: `labels`, `split`, `rows`, `slice_by`,
            `length_slices`, `batch_sizes`, `lengths`, `seconds`, `threads`, `speed`, `memory`, `confidence`, `seed`,
            ...; `data` of `CompareSpec`, how the data set is read, is `data_options` here.

    Returns:
        The report: each model's figures, each pair's differences with intervals, verdicts, where the files lie.

    Raises:
        InputError: with all faults of what was given, before anything is opened.
        JobFailedError: if a durable job failed.
        PersoptError: if the models could not be compared.
    """
    settings = load_settings(home=None if home is None else str(home))
    with telling(progress, "steps") as tell, data_path(data, settings.datasets) as data_set:
        spec = _build_spec(models, data_set, options)
        return run_spec(spec, CompareReport, find_comparison, settings, tell, durable=durable)


def _build_spec(models: Sequence[str | Path], data: str, options: dict[str, Any]) -> CompareSpec:
    if isinstance(models, str | Path):
        message = f"expected a list of models, the baseline first, got {str(models)!r}"
        raise InputError(message, path="$.modelPaths")
    names = field_names(CompareSpec)
    faults = find_unknown(options, names)
    plain = {names[name]: as_plain(value, names[name]) for name, value in options.items() if name in names}
    plain |= {"modelPaths": [str(model) for model in models], "datasetPath": data}
    return decode_struct(plain, CompareSpec, earlier=faults)
