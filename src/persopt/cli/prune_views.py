"""Pruning jobs as people see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from persopt.cli.output import format_duration, format_value, print_facts
from persopt.domain.jobs import JobRecord
from persopt.domain.latencies import LatencyComparison
from persopt.domain.prune_reports import PruneQuality, PruneReport
from persopt.domain.prune_specs import NO_METHOD, PruneSpec
from persopt.domain.structured import StructuredRatios

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ("describe_pruning", "print_prune_result")


def describe_pruning(spec: PruneSpec) -> dict[str, object]:
    """Return what a pruning is to do, as names and values."""
    config = spec.config
    sparsity = None if config.sparsity is None else f"{config.sparsity:.4g} of the chosen weights"
    within = config.scope if config.pattern is None else "groups of inputs"
    return {
        "model": spec.model_path,
        "output": spec.output_path,
        "vocabulary": None if config.vocabulary is None else "trimmed to the texts of the data",
        "method": config.method,
        "sparsity": sparsity if config.pattern is None else f"{config.pattern}, {sparsity}",
        "cut": None if config.ratios is None else _describe_ratios(config.ratios),
        "layers kept": None if config.keep_layers is None else ", ".join(map(str, config.keep_layers)),
        "within": None if config.structured or config.method == NO_METHOD else within,
        "only": config.include,
        "left out": config.exclude,
        "data": spec.dataset_path,
        "task": spec.task,
        "training": _describe_training(spec),
        "export": spec.export,
    }


def _describe_training(spec: PruneSpec) -> str | None:
    options = spec.training
    if not spec.dataset_path or not (options.pruning_epochs or options.recovery_epochs):
        return None
    parts = [
        f"{options.pruning_epochs:g} epochs while pruned ({options.schedule})" if options.pruning_epochs else "",
        f"{options.recovery_epochs:g} epochs of recovery" if options.recovery_epochs else "",
        "learning from the unpruned model" if options.distill else "",
    ]
    return ", ".join(part for part in parts if part)


def print_prune_result(console: Console, job: JobRecord, *, with_state: bool = True) -> None:
    """Print how the job ended, the sizes, and where everything lies."""
    state = f"{job.id} {job.state} after {format_duration(job.active_seconds)}"
    facts: dict[str, object] = {"job": state} if with_state else {}
    if job.result is not None:
        report = msgspec.convert(job.result, PruneReport)
        facts |= _describe_result(report)
        for number, text in enumerate(report.notes):
            facts["note" if number == 0 else f"note {number + 1}"] = text
    print_facts(console, facts)


def _describe_result(report: PruneReport) -> dict[str, object]:
    masked = report.structured is None and report.scope != "none"
    gone = "of the body's linear weights taken out" if report.structured is not None else "of the chosen weights"
    facts: dict[str, object] = {}
    if report.vocabulary is not None:
        tokens = report.vocabulary
        facts["tokens"] = f"{tokens.tokens_before:,} before, {tokens.tokens_after:,} after"
    if report.scope != "none":
        facts["sparsity"] = f"{report.sparsity:.6f} {gone}, {report.model_sparsity:.6f} of all are zero"
    facts |= {
        "weights": f"{report.before.parameters:,} before, {report.after.parameters:,} after, not zero "
        f"{report.after.nonzero:,}",
        "on disk": f"{_size(report.before.bytes)} before, {_size(report.after.bytes)} after",
    }
    if masked:
        facts["sparse encoding"] = _size(report.sparse_bytes) + ("" if report.sparse_path else " (not written)")
    if report.structured is not None:
        changed = report.structured.changed
        facts["configuration"] = ", ".join(f"{name} {value}" for name, value in changed.items())
    if report.quality is not None:
        facts |= _describe_quality(report.quality)
    if report.latency is not None:
        facts["latency"] = _describe_latency(report.latency)
    return facts | {
        "pruned model": report.model_path,
        "sparse copy": report.sparse_path,
        "ONNX": None if report.onnx is None else report.onnx.file,
        **report.artifacts,
    }


def _describe_quality(quality: PruneQuality) -> dict[str, object]:
    stages = {"before": quality.before, "pruned": quality.after, "recovered": quality.recovered}
    told = [f"{format_value(found[quality.metric])} {name}" for name, found in stages.items() if found is not None]
    pruning, recovery = quality.steps
    return {
        quality.metric: ", ".join(told) or "not measured: the model has no trained head for the task",
        "training steps": f"{pruning:,} in the pruning, {recovery:,} in the recovery" if any(quality.steps) else None,
    }


def _describe_latency(latency: LatencyComparison) -> str:
    shape = " by ".join(map(str, latency.inputs))
    return (
        f"{latency.before:.4g} ms before, {latency.after:.4g} ms after: {latency.speedup:.3g} times as fast "
        f"({latency.low:.3g} to {latency.high:.3g}), {shape} on {latency.device}"
    )


def _describe_ratios(ratios: StructuredRatios) -> str:
    cut = {"heads": ratios.heads, "neurons": ratios.feed_forward, "width": ratios.hidden, "layers": ratios.layers}
    return ", ".join(f"{name} {share:.3g}" for name, share in cut.items() if share)


def _size(count: int) -> str:
    return f"{count:,} bytes"
