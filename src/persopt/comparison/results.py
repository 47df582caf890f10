"""The report of a comparison, and the files beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from persopt.comparison.differences import Difference, write_csv, write_json_lines
from persopt.comparison.timing import ShapeTimes
from persopt.comparison.verdict import Judged, state_verdict
from persopt.domain.compare_reports import ComparedModel, CompareReport, ModelPair
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.errors import OutputError
from persopt.domain.languages import LANGUAGES, Language
from persopt.domain.measurements import MemoryUse
from persopt.measure.speed import pool_speedups
from persopt.reporting.artifacts import write_texts

__all__ = ("build_report", "finish_report", "state_verdicts", "write_artifacts")


def build_report(
    spec: CompareSpec,
    models: Sequence[Mapping[str, Any]],
    pairs: Sequence[Mapping[str, Any]],
    *,
    times: Sequence[ShapeTimes],
    memory: Sequence[MemoryUse | None],
    threads: int,
    judged: Mapping[str, Any],
    notes: dict[Language, list[str]],
    environment: Mapping[str, Any],
    job_id: str | None,
) -> CompareReport:
    """Return the report of what was measured; verdicts, time and artifacts are not filled in.

    Args:
        spec: What was asked for, resolved.
        models: Fields of each `ComparedModel` but speed and memory.
        pairs: Fields of each `ModelPair` that are of the models' answers.
        times: By shape.
        memory: Of each model.
        threads: CPU threads.
        judged: Fields of the report that are of the rows.
        notes: What to know.
        environment: Put into the report.
        job_id: Put into the report.
    """
    compared = [
        ComparedModel(**fields, memory=used, speed=[one.speeds[place] for one in times])
        for place, (fields, used) in enumerate(zip(models, memory, strict=True))
    ]
    return CompareReport(
        models=compared,
        pairs=[
            _make_pair(compared[0], model, fields, [one.speedups[place] for one in times])
            for place, (model, fields) in enumerate(zip(compared[1:], pairs, strict=True))
        ],
        notes=notes,
        threads=threads,
        device=spec.device,
        confidence=spec.confidence,
        environment=dict(environment),
        spec=spec,
        job_id=job_id,
        **judged,
    )


def finish_report(
    report: CompareReport, folder: Path, differences: Sequence[Difference], columns: Sequence[str], seconds: float
) -> CompareReport:
    """Return the whole report, its verdicts stated, after its files and `report.json` are written into a folder.

    Raises:
        OutputError: if a file cannot be written.
    """
    report = msgspec.structs.replace(state_verdicts(report), seconds=seconds)
    artifacts = write_artifacts(folder / "artifacts", report, differences, columns)
    report = msgspec.structs.replace(report, artifacts=artifacts)
    try:
        report.save(folder / "report.json")
    except OSError as error:
        raise OutputError(f"the report cannot be written to {folder}: {error.strerror}") from error
    return report


def state_verdicts(report: CompareReport) -> CompareReport:
    """Return the report with a verdict for each pair in every language."""
    judged = Judged(metric=report.metric, rows=report.rows, has_labels=report.has_labels, confidence=report.confidence)
    verdicts = {
        language: [
            state_verdict(pair, judged, report.slices, place, language) for place, pair in enumerate(report.pairs)
        ]
        for language in LANGUAGES
    }
    return msgspec.structs.replace(report, verdicts=verdicts)


def write_artifacts(
    folder: Path, report: CompareReport, differences: Sequence[Difference], columns: Sequence[str]
) -> dict[str, str]:
    """Write the files beside the report, each whole or not at all, and return their absolute paths by name.

    Args:
        folder: Where to.
        report: The whole report; its artifacts are not filled in.
        differences: Rows that not all models answer alike.
        columns: Columns of those rows that are shown.

    Raises:
        OutputError: if a file cannot be written.
    """
    texts: dict[str, str] = {}
    if differences:
        labels = [model.label for model in report.models]
        texts["differences.jsonl"] = write_json_lines(differences)
        texts["differences.csv"] = write_csv(differences, columns, labels)
    return write_texts(folder, texts) if texts else {}


def _make_pair(
    baseline: ComparedModel, model: ComparedModel, fields: Mapping[str, Any], speedups: list[Any]
) -> ModelPair:
    memory = None
    load = None
    if baseline.memory is not None and model.memory is not None:
        memory = baseline.memory.peak / model.memory.peak
        load = baseline.memory.load_seconds / model.memory.load_seconds
    return ModelPair(
        label=model.label,
        size_ratio=baseline.weight_bytes / model.weight_bytes,
        memory_ratio=memory,
        load_ratio=load,
        speedups=speedups,
        speedup=pool_speedups([one.speedup for one in speedups]) if speedups else None,
        **fields,
    )
