"""Pruning jobs as people see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from persopt.cli.output import format_duration, print_facts
from persopt.domain.jobs import JobRecord
from persopt.domain.prune_reports import PruneReport
from persopt.domain.prune_specs import PruneSpec

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ("describe_pruning", "print_prune_result")


def describe_pruning(spec: PruneSpec) -> dict[str, object]:
    """Return what a pruning is to do, as names and values."""
    config = spec.config
    sparsity = None if config.sparsity is None else f"{config.sparsity:.4g} of the chosen weights"
    return {
        "model": spec.model_path,
        "output": spec.output_path,
        "method": config.method,
        "sparsity": sparsity if config.pattern is None else f"{config.pattern}, {sparsity}",
        "within": config.scope if config.pattern is None else "groups of inputs",
        "only": config.include,
        "left out": config.exclude,
        "data": spec.dataset_path,
        "task": spec.task,
    }


def print_prune_result(console: Console, job: JobRecord, *, with_state: bool = True) -> None:
    """Print how the job ended, the sizes, and where everything lies."""
    state = f"{job.id} {job.state} after {format_duration(job.active_seconds)}"
    facts: dict[str, object] = {"job": state} if with_state else {}
    if job.result is not None:
        report = msgspec.convert(job.result, PruneReport)
        facts |= {
            "sparsity": f"{report.sparsity:.6f} of the chosen weights, {report.model_sparsity:.6f} of all",
            "weights": f"{report.after.parameters:,}, not zero {report.after.nonzero:,}",
            "on disk": f"{_size(report.before.bytes)} before, {_size(report.after.bytes)} after",
            "sparse encoding": _size(report.sparse_bytes) + ("" if report.sparse_path else " (not written)"),
            "pruned model": report.model_path,
            "sparse copy": report.sparse_path,
            **report.artifacts,
        }
        for number, text in enumerate(report.notes):
            facts["note" if number == 0 else f"note {number + 1}"] = text
    print_facts(console, facts)


def _size(count: int) -> str:
    return f"{count:,} bytes"
