"""`persopt.measure_model`: what a model is worth, on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from persopt.api.running import data_path
from persopt.api.spec_building import as_plain, field_names, find_unknown
from persopt.domain.measure_specs import MeasureReport, MeasureSpec
from persopt.domain.validation import decode_struct
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_registry
from persopt.settings import load_settings

__all__ = ("measure_model",)


def measure_model(
    model: str | Path,
    data: Any = None,
    *,
    against: str | Path | None = None,
    home: str | Path | None = None,
    on_step: Callable[[str], None] = lambda _: None,
    **options: Any,
) -> MeasureReport:
    """Measure a model: size on disk, load time, memory, speed by batch and length, quality with its intervals.

    Nothing is estimated: speed is timed here in pinned threads, memory in a fresh process, quality on rows of the data.

    Args:
        model: Folder of a Transformers checkpoint or of an artifact, a name in the workspace, or a hub id.
        data: To judge on: a file, a folder, a hub id, or a `datasets` object.
        against: Another model, timed in turn with the first and judged on the same rows.
        home: The workspace; by default `PERSOPT_HOME` or `./persopt-data`.
        on_step: Called often with what is being done; may raise to end the work.
        **options: Any other field of `MeasureSpec`, in snake_case: `batch_sizes`, `lengths`, `threads`, `rows`,
            `split`, `task`, `seconds`, `device`, `confidence`, `memory`, `speed`, `seed`; `data` of `MeasureSpec`, how
            the data set is read, is `data_options` here.

    Returns:
        The report.

    Raises:
        InputError: with all faults of what was given, before anything is opened.
        ModelError: if a model cannot be run, or is not for the task of the data.
    """
    from persopt.evaluation.measure_checks import resolve_measuring
    from persopt.evaluation.measuring import run_measuring

    settings = load_settings(home=None if home is None else str(home))
    with data_path(data, settings.datasets) as data_set:
        spec = _build_spec(model, data_set, against, options)
        registry = load_registry(settings, BUILTIN_MODULES)
        return run_measuring(resolve_measuring(spec, settings), registry, settings.cache, on_step)


def _build_spec(model: str | Path, data: str, against: str | Path | None, options: dict[str, Any]) -> MeasureSpec:
    names = field_names(MeasureSpec)
    faults = find_unknown(options, names)
    plain = {names[name]: as_plain(value, names[name]) for name, value in options.items() if name in names}
    plain |= {"modelPath": str(model), "datasetPath": data, "against": None if against is None else str(against)}
    return decode_struct(plain, MeasureSpec, earlier=faults)
