"""Comparisons as people see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from persopt.cli.output import format_duration, print_facts
from persopt.domain.compare_reports import CompareReport
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.jobs import JobRecord

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ("describe_comparison", "print_compare_result")


def describe_comparison(spec: CompareSpec) -> dict[str, object]:
    """Return what a comparison is to do, as names and values."""
    named = list(zip(spec.labels, spec.model_paths, strict=False))
    facts: dict[str, object] = {
        "baseline" if index == 0 else f"model {index}": f"{label}: {path}" for index, (label, path) in enumerate(named)
    }
    return facts | {
        "data": spec.dataset_path,
        "task": spec.task,
        "rows of": spec.split if spec.dataset_path else None,
        "slices by": spec.slice_by,
    }


def print_compare_result(console: Console, job: JobRecord, *, with_state: bool = True) -> None:
    """Print how the job ended and what came out."""
    state = f"{job.id} {job.state} after {format_duration(job.active_seconds)}"
    facts: dict[str, object] = {"job": state} if with_state else {}
    if job.result is not None:
        report = msgspec.convert(job.result, CompareReport)
        facts |= {pair.label: text for pair, text in zip(report.pairs, report.verdicts.get("en", []), strict=False)}
        facts |= report.artifacts
    print_facts(console, facts)
