"""First: the float32 checkpoint that backends begin from, smoothed or trained if that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from persopt.domain.errors import ModelError
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.models.description import describe_model
from persopt.models.finite_weights import check_finite
from persopt.models.side_files import copy_side_files
from persopt.plugins.registry import Registry
from persopt.quantization.backends import Candidate
from persopt.quantization.config_checks import explain_data_need
from persopt.quantization.kept_modules import list_modules, note_empty_patterns
from persopt.quantization.stages.rows import calibration_batches
from persopt.ticker import Ticker

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ("Prepared", "check_calibration", "prepare")

_FLOAT32: Final = ["F32"]


class Prepared(Struct, frozen=True, kw_only=True):
    """What backends begin from.

    Attributes:
        model: Folder of the checkpoint in float32; the one given, if nothing had to be done to it.
        notes: What was done.
    """

    model: Path
    notes: list[str] = []


def prepare(
    spec: QuantizeSpec, work: Path, cache: Path, registry: Registry, ticker: Ticker, candidate: Candidate | None = None
) -> Prepared:
    """Return a float32 checkpoint with what is asked for beforehand in its weights; the one given stays as it is.

    Args:
        spec: Resolved.
        work: Folder for copies, which exists.
        cache: Folder of tokenized data.
        registry: Knows whose a backend is.
        ticker: Looked at meanwhile.
        candidate: The backend, if it is known already: one that trains in its own way is asked to.

    Raises:
        ModelError: if the model has NaN in its weights or gives NaN on the calibration data, or cannot be loaded or
            smoothed.
    """
    source = Path(spec.model_path)
    notes = note_empty_patterns(spec.config.keep, list_modules(source)) if spec.config.keep else []
    ticker.message = "reading the weights"
    check_finite(source, ticker.look)
    if describe_model(source).dtypes != _FLOAT32:
        ticker.message = "writing the weights in float32"
        source = _rewrite(source, work / "float32", ticker)
        notes.append("The weights were made float32 before they were quantized.")
    if explain_data_need(spec.config) is not None:
        ticker.message = "running the model on the calibration rows"
        check_calibration(spec, source, cache, ticker)
    if spec.config.smoothing is not None:
        ticker.message = "smoothing"
        source = _rewrite(
            source, work / "smoothed", ticker, lambda model: notes.extend(_smooth(spec, model, cache, ticker))
        )
    if spec.config.method == "qat":
        notes += _train(spec, source, work / "trained", cache, candidate, registry, ticker)
        source = work / "trained"
    return Prepared(model=source, notes=notes)


def check_calibration(spec: QuantizeSpec, model: Path, cache: Path, ticker: Ticker) -> None:
    """Run a checkpoint on the calibration rows: ranges of what is no number would be none.

    Raises:
        ModelError: if the outputs are not finite.
    """
    import numpy as np

    from persopt.models.runners import open_runner

    batches = calibration_batches(spec, cache)
    with open_runner(model, Registry(), threads=spec.threads, dtype="float32") as opened:
        for batch in batches:
            ticker.look()
            for name, values in opened.run(batch).items():
                if values.dtype.kind == "f" and not np.isfinite(values).all():
                    kind = "NaN" if np.isnan(values).any() else "infinite numbers"
                    raise ModelError(
                        f"{spec.model_path} gives {kind} in {name!r} on the calibration rows of {spec.dataset_path}, "
                        "so no ranges of its activations can be found",
                        path="$.modelPath",
                        hint="look at how it was trained; quantizing does not mend it",
                    )


def _rewrite(
    source: Path, target: Path, ticker: Ticker, change: Callable[[PreTrainedModel], object] | None = None
) -> Path:
    """Save a checkpoint in float32, changed, beside what it has besides weights."""
    from persopt.models.quiet import quiet_transformers
    from persopt.models.whole import load_whole

    copy_side_files(source, target, keep_index=False)
    model, _ = ticker.watch(lambda: load_whole(source, "float32"))
    if change is not None:
        change(model)
    model.config.dtype = "float32"
    with quiet_transformers():
        model.save_pretrained(str(target))
    return target


def _smooth(spec: QuantizeSpec, model: PreTrainedModel, cache: Path, ticker: Ticker) -> list[str]:
    from persopt.quantization.smoothing import smooth

    assert spec.config.smoothing is not None  # what the caller went by
    notes: list[str] = smooth(model, calibration_batches(spec, cache), spec.config.smoothing, ticker.look)
    return notes


def _train(
    spec: QuantizeSpec,
    source: Path,
    target: Path,
    cache: Path,
    candidate: Candidate | None,
    registry: Registry,
    ticker: Ticker,
) -> list[str]:
    from persopt.quantization.training import train_aware

    return train_aware(source, target, spec, cache, ticker, candidate=candidate, registry=registry)
