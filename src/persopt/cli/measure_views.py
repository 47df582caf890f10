"""Measures of models as people see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from persopt.cli.output import format_duration, print_facts, print_table
from persopt.domain.measure_specs import MeasureReport, ModelMeasures
from persopt.domain.measurements import Estimate

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ("format_estimate", "print_measures")

_MEGABYTE: Final = 1e6
_NUMBERS: Final = ("p50 ms", "p95 ms", "p99 ms", "rows/s", "faster by")


def print_measures(console: Console, report: MeasureReport) -> None:
    """Print a report: sizes and memory, the speed by shape, the quality."""
    models = [one for one in (report.model, report.against) if one is not None]
    for name, model in zip(("model", "against"), models, strict=False):
        print_facts(console, {name: model.path, **_describe(model)})
    if report.model.speed:
        console.print()
        _print_speed(console, report)
    if report.model.quality:
        console.print()
        _print_quality(console, report)
    console.print()
    facts: dict[str, object] = {"rows": report.rows or None, "threads": report.threads, "device": report.device}
    if report.outputs is not None:
        error = report.outputs
        facts["outputs"] = (
            f"logits differ by {error.mean:.3g} in the mean, {error.largest:.3g} at most; cosine {error.cosine:.6f}"
        )
    if report.quality is not None:
        facts["agreement"] = report.quality.agreement
        facts["rows to tell"] = report.quality.rows_needed
    facts |= {f"note {number}": text for number, text in enumerate(report.notes, 1)}
    facts["took"] = format_duration(report.seconds)
    print_facts(console, facts)


def format_estimate(estimate: Estimate) -> str:
    """Return a value with its interval: `0.8312 (0.8120 to 0.8490)`."""
    return f"{estimate.value:.4g} ({estimate.low:.4g} to {estimate.high:.4g})"


def _describe(model: ModelMeasures) -> dict[str, object]:
    facts: dict[str, object] = {
        "format": model.format,
        "weights": f"{model.weight_bytes / _MEGABYTE:.2f} MB, {model.total_bytes / _MEGABYTE:.2f} MB with all files",
    }
    if model.memory is not None:
        memory = model.memory
        own = (memory.peak - memory.base) / _MEGABYTE
        facts["memory"] = f"{memory.peak / _MEGABYTE:.1f} MB at most, {own:.1f} MB of it more than its libraries"
        facts["load time"] = format_duration(memory.load_seconds)
    return facts


def _print_speed(console: Console, report: MeasureReport) -> None:
    heads = ["batch", "length", *_NUMBERS[:4]]
    rows: list[list[object]] = [
        [one.batch, one.length, one.p50, one.p95, one.p99, one.throughput] for one in report.model.speed
    ]
    if report.comparisons:
        heads += ["other's p50 ms", _NUMBERS[4]]
        for row, pair in zip(rows, report.comparisons, strict=True):
            row += [pair.before.p50, format_estimate(pair.speedup)]
    print_table(console, heads, rows, right=[head for head in heads if head != _NUMBERS[4]])


def _print_quality(console: Console, report: MeasureReport) -> None:
    heads = ["metric", "model"]
    if report.against is not None:
        heads += ["against", "change", "p"]
    print_table(console, heads, _list_quality(report), right=("p",))


def _list_quality(report: MeasureReport) -> Iterator[list[object]]:
    for name, estimate in report.model.quality.items():
        row: list[object] = [name, format_estimate(estimate)]
        if report.against is not None:
            row.append(format_estimate(report.against.quality[name]))
            if report.quality is not None:
                row += [format_estimate(report.quality.change[name]), report.quality.p_values[name]]
            else:
                row += [None, None]
        yield row
