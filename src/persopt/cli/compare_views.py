"""Comparisons as people see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from persopt.cli.measure_views import format_estimate
from persopt.cli.output import format_duration, print_facts, print_table
from persopt.domain.compare_reports import CompareReport, MetricChange
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.jobs import JobRecord

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ("describe_comparison", "print_compare_result", "print_comparison")

_MEGABYTE: Final = 1e6


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
    """Print how the job ended, the models beside one another, the verdicts, what to know, and where the files lie."""
    state = f"{job.id} {job.state} after {format_duration(job.active_seconds)}"
    facts: dict[str, object] = {"job": state} if with_state else {}
    if job.result is not None:
        report = msgspec.convert(job.result, CompareReport)
        print_comparison(console, report)
        facts |= {f"note {number}": text for number, text in enumerate(report.notes.get("en", []), 1)}
        facts |= report.artifacts
    print_facts(console, facts)


def print_comparison(console: Console, report: CompareReport) -> None:
    """Print the tables of a report and its verdicts."""
    _print_models(console, report)
    if report.models[0].speed:
        console.print()
        _print_speed(console, report)
    if report.models[0].quality:
        console.print()
        _print_quality(console, report)
    for text in report.verdicts.get("en", []):
        console.print()
        console.print(text, soft_wrap=True)
    console.print()
    pairs = {pair.label: pair for pair in report.pairs}
    print_facts(
        console,
        {
            "rows": report.rows or None,
            **{f"agreement of {label}": pair.agreement for label, pair in pairs.items()},
            "answered differently": report.differences or None,
        },
    )


def _print_models(console: Console, report: CompareReport) -> None:
    heads = ("model", "format", "weights MB", "all files MB", "peak memory MB", "load s", "parameters")
    rows = [
        (
            one.label,
            one.format,
            one.weight_bytes / _MEGABYTE,
            one.total_bytes / _MEGABYTE,
            None if one.memory is None else one.memory.peak / _MEGABYTE,
            None if one.memory is None else one.memory.load_seconds,
            None if one.parameters is None else f"{one.parameters:,}",
        )
        for one in report.models
    ]
    print_table(console, heads, rows, right=heads[2:])


def _print_speed(console: Console, report: CompareReport) -> None:
    speedups: list[list[str]] = [["" for _ in report.models[0].speed]]
    speedups += [[format_estimate(one.speedup) for one in pair.speedups] for pair in report.pairs]
    rows = [
        (one.batch, one.length, model.label, one.p50, one.p95, one.p99, one.throughput, told[place])
        for place in range(len(report.models[0].speed))
        for model, told in zip(report.models, speedups, strict=True)
        for one in [model.speed[place]]
    ]
    heads = ("batch", "length", "model", "p50 ms", "p95 ms", "p99 ms", "rows/s", "times as fast")
    print_table(console, heads, rows, right=("batch", "length", *heads[3:7]))


def _print_quality(console: Console, report: CompareReport) -> None:
    changes: list[dict[str, MetricChange]] = [{}, *(pair.changes for pair in report.pairs)]
    rows = [
        (name, model.label, format_estimate(estimate), *_describe_change(changed.get(name)))
        for name in report.models[0].quality
        for model, changed in zip(report.models, changes, strict=True)
        for estimate in [model.quality[name]]
    ]
    heads = ("metric", "model", "value", "change", "p", "p by Holm", "rows to tell")
    print_table(console, heads, rows, right=heads[4:])


def _describe_change(change: MetricChange | None) -> tuple[object, ...]:
    if change is None:
        return (None,) * 4
    return (format_estimate(change.change), change.p_value, change.adjusted_p, change.rows_needed)
