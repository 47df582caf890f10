"""What a pruning leaves: its report, a table and a plot of the sparsity of each tensor."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from persopt.domain.errors import OutputError
from persopt.domain.exports import OnnxExport
from persopt.domain.latencies import LatencyComparison
from persopt.domain.prune_reports import ModelSize, PruneQuality, PruneReport, TensorSparsity
from persopt.domain.prune_specs import NO_METHOD, PruneConfig, PruneSpec
from persopt.domain.structured import StructuredReport
from persopt.domain.vocabularies import VocabularyReport
from persopt.models.description import describe_model
from persopt.pruning.checkpoint import Shard, open_shards
from persopt.pruning.plots import draw_sparsity, sparsity_table
from persopt.pruning.selection import select_tensors
from persopt.pruning.sparse_format import measure_sparse
from persopt.pruning.streaming import describe_tensors
from persopt.reporting.artifacts import write_texts

__all__ = ("StageResults", "build_report", "write_artifacts")


class StageResults(Struct, kw_only=True):
    """What the stages of a run gave.

    Attributes:
        masked: Every tensor of floating-point numbers, if single weights were pruned.
        structured: What is left, if units were cut.
        vocabulary: What trimming changed, if the vocabulary was trimmed.
        latency: Of the model given and the result, if it was measured.
        onnx: The result as ONNX, if it was exported.
        quality: Before and after, if it was measured.
        notes: What to know besides.
    """

    masked: list[TensorSparsity] | None = None
    structured: StructuredReport | None = None
    vocabulary: VocabularyReport | None = None
    latency: LatencyComparison | None = None
    onnx: OnnxExport | None = None
    quality: PruneQuality | None = None
    notes: list[str] = []


def build_report(
    spec: PruneSpec,
    results: StageResults,
    written: Path,
    *,
    seconds: float,
    environment: Mapping[str, Any],
    job_id: str | None,
    on_tensor: Callable[[], None] = lambda: None,
) -> PruneReport:
    """Return the report of what was written; sizes are those of the files.

    Args:
        spec: What was asked for, resolved.
        results: Of the stages.
        written: Folder of the result, which need not have its name yet.
        seconds: Time that it took.
        environment: Put into the report.
        job_id: Put into the report.
        on_tensor: Called before each tensor that has to be looked at; may raise to end the work.
    """
    config = spec.config
    before, after = open_shards(Path(spec.model_path)), open_shards(written)
    if not after:
        raise OutputError(f"the weights written to {written} have vanished; does another run write there?")
    given = results.masked
    if given is None or results.vocabulary is not None or results.quality is not None:
        given = list(describe_tensors(before, {}, on_tensor))
    tensors = results.masked
    if tensors is None:
        tensors = list(describe_tensors(after, {}, on_tensor))
    chosen = [one for one in tensors if one.pruned]
    parameters = sum(one.parameters for one in tensors)
    zeros = sum(one.zeros for one in tensors)
    sparsity = _share_of_zeros(chosen)
    if results.structured is not None:
        sparsity = _share_gone(Path(spec.model_path), before, after)
    return PruneReport(
        method=config.method,
        scope=_scope(config),
        pattern=config.pattern,
        asked=sparsity if config.sparsity is None else config.sparsity,
        sparsity=sparsity,
        model_sparsity=zeros / parameters if parameters else 0.0,
        before=ModelSize(
            bytes=_bytes_of(before),
            parameters=sum(one.parameters for one in given),
            nonzero=sum(one.parameters - one.zeros_before for one in given),
        ),
        after=ModelSize(bytes=_bytes_of(after), parameters=parameters, nonzero=parameters - zeros),
        sparse_bytes=measure_sparse(after, {one.name: one.parameters - one.zeros for one in chosen}),
        sparse_path=str(Path(spec.output_path) / "sparse") if config.sparse_copy else None,
        tensors=[one for one in tensors if one.parameters],
        model_path=spec.output_path,
        artifacts={},
        notes=[*_notes(spec, results), *results.notes],
        seconds=seconds,
        environment=dict(environment),
        job_id=job_id,
        structured=results.structured,
        vocabulary=results.vocabulary,
        latency=results.latency,
        onnx=results.onnx,
        quality=results.quality,
    )


def write_artifacts(folder: Path, report: PruneReport, title: str = "") -> dict[str, str]:
    """Write `sparsity.csv` and, if weights were made zero, `sparsity.svg`, and return their absolute paths by name.

    Each is written whole or not at all.

    Raises:
        OutputError: if a file cannot be written.
    """
    texts = {"sparsity.csv": sparsity_table(report.tensors)}
    if any(one.pruned for one in report.tensors):
        texts["sparsity.svg"] = draw_sparsity(report.tensors, report.asked, title)
    return write_texts(folder, texts)


def _scope(config: PruneConfig) -> str:
    if config.method == NO_METHOD:
        return "none"
    if config.structured:
        return "units"
    return "pattern" if config.pattern is not None else config.scope or "tensor"


def _share_of_zeros(chosen: Sequence[TensorSparsity]) -> float:
    total = sum(one.parameters for one in chosen)
    return sum(one.zeros for one in chosen) / total if total else 0.0


def _share_gone(model: Path, before: Sequence[Shard], after: Sequence[Shard]) -> float:
    """Return what share of the weights of the body's linear layers is gone."""
    kind = describe_model(model).model_type
    counts = [
        sum(math.prod(one.shape) for one in select_tensors(headers, kind))
        for headers in ([stored.header for shard in shards for stored in shard.tensors] for shards in (before, after))
    ]
    return 1 - counts[1] / counts[0] if counts[0] else 0.0


def _bytes_of(shards: Sequence[Shard]) -> int:
    return sum(shard.file.stat().st_size for shard in shards)


def _notes(spec: PruneSpec, results: StageResults) -> Iterator[str]:
    config = spec.config
    if results.masked is not None:
        yield (
            "The zeros lie in dense tensors: the model is neither smaller on disk nor faster on dense hardware. Only "
            "the sparse encoding is smaller, and only kernels made for sparse weights are faster."
        )
    if config.pattern is not None:
        yield (
            f"The pattern {config.pattern} gains speed only on hardware with sparse tensor cores (2:4 on NVIDIA GPUs "
            "from Ampere on), and only where the program that runs the model converts the weights for them."
        )
    if config.gradual and results.quality is None:
        did = "units were cut in one step" if config.structured else "many steps give the same zeros as one"
        yield (
            f"Gradual: with no training between the steps, {did}. To train between them and after, name a data set "
            "(datasetPath) with the task that the model is for."
        )
    if results.structured is not None:
        yield from results.structured.notes
        if results.quality is None:
            yield (
                "A cut costs accuracy, which was not measured here: train the model afterwards, or name a data set "
                "(datasetPath)."
            )
    if results.vocabulary is not None and not results.vocabulary.trimmed:
        yield "The texts use every token, so the vocabulary is what it was."
