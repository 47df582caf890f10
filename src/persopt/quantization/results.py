"""The report of a quantization, and the files beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from persopt.domain.errors import OutputError
from persopt.domain.objectives import default_direction
from persopt.domain.quantize_reports import QuantizeReport
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec
from persopt.models.description import describe_model
from persopt.models.manifest import list_weight_files
from persopt.quantization.config_checks import FLOAT_BITS
from persopt.quantization.plots import draw_layers, layer_table
from persopt.quantization.selection import Chosen
from persopt.quantization.stages.measuring import Measured
from persopt.reporting.artifacts import write_texts

__all__ = ("build_report", "fill_config", "write_artifacts")


def fill_config(config: QuantizeConfig, chosen: Chosen) -> QuantizeConfig:
    """Return the config with the backend that was taken and all of its options."""
    options = msgspec.to_builtins(chosen.candidate.options)
    return msgspec.structs.replace(config, backend=chosen.candidate.name, backend_options=options)


def build_report(
    spec: QuantizeSpec,
    chosen: Chosen,
    measured: Measured,
    written: Path,
    *,
    notes: list[str],
    environment: Mapping[str, Any],
    job_id: str | None,
) -> QuantizeReport:
    """Return the report of what was written; sizes are those of the files, time and artifacts are not filled in.

    Args:
        spec: What was asked for, resolved.
        chosen: Backend and artifact.
        measured: What was measured.
        written: Folder of the result, which need not have its name yet.
        notes: What the stages told.
        environment: Put into the report.
        job_id: Put into the report.
    """
    after = sum(file.stat().st_size for file in list_weight_files(written))
    if not after:
        raise OutputError(f"the weights written to {written} have vanished; does another run write there?")
    before = describe_model(Path(spec.model_path)).bytes
    return QuantizeReport(
        config=fill_config(spec.config, chosen),
        backend=chosen.candidate.name,
        format=chosen.artifact.format,
        model_path=spec.output_path,
        bytes_before=before,
        bytes_after=after,
        total_bytes=sum(file.stat().st_size for file in written.rglob("*") if file.is_file()),
        speed=measured.speed,
        memory_before=measured.memory_before,
        memory_after=measured.memory_after,
        quality=measured.quality,
        outputs=measured.outputs,
        layers=measured.layers,
        tried=chosen.tried,
        notes=[*notes, *chosen.artifact.notes, *measured.notes, *_judge(spec, measured, before, after)],
        artifacts={},
        seconds=0.0,
        environment=dict(environment),
        job_id=job_id,
    )


def write_artifacts(folder: Path, report: QuantizeReport, title: str = "") -> dict[str, str]:
    """Write `layers.csv` and `layers.svg`, if layers were ranked, and return their absolute paths by name.

    Each is written whole or not at all.

    Raises:
        OutputError: if a file cannot be written.
    """
    if not report.layers:
        return {}
    texts = {"layers.csv": layer_table(report.layers), "layers.svg": draw_layers(report.layers, title)}
    return write_texts(folder, texts)


def _judge(spec: QuantizeSpec, measured: Measured, before: int, after: int) -> Iterator[str]:
    """Say what is not as one would expect it of a quantization."""
    if spec.config.bits > FLOAT_BITS:
        yield "32 bits: the weights are the same, written in another form."
    elif after >= before:
        yield f"The result is not smaller than the original: {after:,} bytes of weights, {before:,} before."
    slower = [f"{one.after.batch}x{one.after.length}" for one in measured.speed if one.speedup.high < 1]
    if slower:
        yield f"The result is slower than the original here, at {', '.join(slower)} (rows by tokens)."
    quality = measured.quality
    if quality is not None:
        change = quality.change[quality.metric]
        falls = change.high < 0 if default_direction(quality.metric) == "maximize" else change.low > 0
        if falls:
            yield f"{quality.metric} is worse than the original's, beyond what chance would do: {change.value:+.4g}."
