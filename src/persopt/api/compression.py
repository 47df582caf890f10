"""`persopt.compress`: the fastest or smallest model within a target."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from persopt.api.running import data_path, run_spec, telling
from persopt.api.spec_building import as_plain, field_names, find_unknown
from persopt.domain.compress_reports import CompressReport
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.jobs import Progress
from persopt.domain.validation import decode_struct
from persopt.kernel.handlers import find_compression
from persopt.settings import load_settings

__all__ = ("compress",)


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
        return run_spec(spec, CompressReport, find_compression, settings, tell, durable=durable)
