"""`persopt quickstart`: the whole path on a small Persian task, offline."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from persopt.cli.options import home_option, json_option, open_runtime
from persopt.cli.output import note

if TYPE_CHECKING:
    from persopt.domain.specs import JobSpec
    from persopt.runtime import Runtime
    from persopt.settings import Settings

__all__ = ("prepare_quickstart", "quickstart")

_TASK = """\
The task: what kind of field of a Persian form is this text: a name, a company, a town, a colour? The texts are
made up, with slips of the hand, so that no model is right every time. A small encoder learns it from nothing;
how well, depends on its hyperparameters, and those are what persopt now searches.
"""
_PRUNING = """\
Now half of the weights of the best model's layers are pruned while it trains on, and it recovers with the zeros kept.
"""

_QUANTIZATION = """\
Now the pruned model is written in 8 bits by every installed backend; the fastest result is kept and measured.
"""

_COMPRESSION = """\
Now a target instead of a recipe: the fastest model that loses at most two points of accuracy. Six ways to cut, train
and quantize the best model by that backend are tried; the chosen one is judged once on rows that it was not chosen by.
"""

_COMPARISON = """\
Now the best model, the one pruned and quantized by hand, and the one that was searched stand beside one another.
"""


@click.command()
@click.option("--trials", type=click.IntRange(1), default=8, show_default=True, help="Points to try.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of the search.")
@home_option
@json_option("Print the finished tuning with its trials as one JSON object on standard output.")
def quickstart(trials: int, seed: int, home: str | None, as_json: bool) -> int:
    """Make a small Persian task and model, tune it, prune, quantize and compress the best model, compare what came out.

    Takes about three minutes on two cores and needs no network. Data and model stay in the workspace; a second run
    uses them again.
    """
    from persopt.cli.foreground import run_in_foreground
    from persopt.quickstart import quickstart_spec

    note(_TASK)
    with open_runtime(home) as runtime:
        model, data = prepare_quickstart(runtime.settings)
        note(f"data   {data}\nmodel  {model}")
        job = runtime.kernel.submit(quickstart_spec(model, data, seed=seed, trials=trials))
        code = run_in_foreground(runtime, job, as_json=as_json)
        tuned = (runtime.kernel.get(job.id).result or {}).get("modelPath")
        if code == 0 and tuned is not None:
            code = _shrink(runtime, Path(tuned), data, job.id, seed, aside=as_json)
    if code == 0:
        note(f"next: `persopt jobs show {job.id}`, `persopt events --all`, `persopt tune --help`")
    return code


def _shrink(runtime: Runtime, tuned: Path, data: Path, tuning: str, seed: int, *, aside: bool) -> int:
    """Prune, quantize and compress the tuned model, compare what came of it, and return the exit code."""
    from persopt.quickstart import (
        quickstart_comparison,
        quickstart_compression,
        quickstart_pruning,
        quickstart_quantization,
    )

    pruned, quantized, compressed = (
        runtime.settings.models / f"quickstart-{what}-{tuning}" for what in ("pruned", "quantized", "compressed")
    )
    code, _ = _run_step(runtime, _PRUNING, quickstart_pruning(tuned, data, pruned, seed=seed), aside=aside)
    if code:
        return code
    quantization = quickstart_quantization(pruned, data, quantized, seed=seed)
    code, result = _run_step(runtime, _QUANTIZATION, quantization, aside=aside)
    if code:
        return code
    compression = quickstart_compression(tuned, data, compressed, backend=result["backend"], seed=seed)
    code, _ = _run_step(runtime, _COMPRESSION, compression, aside=aside)
    if code:
        return code
    models = {"tuned": tuned, "quantized": quantized, "compressed": compressed}
    code, result = _run_step(runtime, _COMPARISON, quickstart_comparison(models, data, seed=seed), aside=aside)
    if not code:
        note(f"report {result['artifacts']['report.en.html']}")
    return code


def _run_step(runtime: Runtime, text: str, spec: JobSpec, *, aside: bool) -> tuple[int, dict[str, Any]]:
    """Say what comes, run it in the foreground, and return the exit code and the result."""
    from persopt.cli.foreground import run_in_foreground

    note(text)
    job = runtime.kernel.submit(spec)
    code = run_in_foreground(runtime, job, as_json=False, aside=aside)
    return code, runtime.kernel.get(job.id).result or {}


def prepare_quickstart(settings: Settings) -> tuple[Path, Path]:
    """Make data and model in the workspace, each whole or not at all, unless they are there."""
    from persopt.models.quiet import quiet_transformers
    from persopt.quickstart import make_quickstart_data, make_quickstart_model

    data, model = settings.datasets / "quickstart", settings.models / "quickstart"
    _make_once(data, make_quickstart_data)
    if not model.exists():
        with quiet_transformers():
            _make_once(model, lambda folder: make_quickstart_model(folder, _read_texts(data)))
    return model, data


def _make_once(folder: Path, make: Callable[[Path], object]) -> None:
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        make(part)
        part.chmod(0o755)
        part.rename(folder)
    except OSError:
        if not folder.exists():  # else another quickstart was faster
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _read_texts(data: Path) -> list[str]:
    lines = (data / "train.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]
