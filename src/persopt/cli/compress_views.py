"""Compressions as people see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from persopt.cli.output import format_duration, print_facts, print_table
from persopt.domain.compress_reports import CandidateReport, CompressReport
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.jobs import JobRecord
from persopt.domain.measurements import Estimate

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ("describe_compression", "print_compress_result")

_MEGABYTE: Final = 1e6
_AS_ESTIMATED: Final = 0.5


def describe_compression(spec: CompressSpec) -> dict[str, object]:
    """Return what a compression is to do, as names and values."""
    return {
        "model": spec.model_path,
        "data": spec.dataset_path,
        "output": spec.output_path or None,
        "task": spec.task,
        "minimize": spec.minimize,
        "limits": ", ".join(_list_limits(spec)),
        "time": None if spec.budget is None else _as_time(spec.budget),
        "recipes of": ", ".join(spec.techniques),
        "strategy": f"{spec.strategy}, at most {spec.max_candidates} candidates",
    }


def print_compress_result(console: Console, job: JobRecord, *, with_state: bool = True) -> None:
    """Print the front, what was chosen, what the test says, and where everything lies."""
    state = f"{job.id} {job.state} after {format_duration(job.active_seconds)}"
    facts: dict[str, object] = {"job": state} if with_state else {}
    if job.result is not None:
        report = msgspec.convert(job.result, CompressReport)
        _print_front(console, report)
        facts |= _describe_result(report)
        facts |= {"note" if number == 0 else f"note {number + 1}": text for number, text in enumerate(report.notes)}
        facts |= report.artifacts
    print_facts(console, facts)


def _list_limits(spec: CompressSpec) -> Iterator[str]:
    sure = f" ({spec.confidence:.0%} sure)" if spec.confidence > _AS_ESTIMATED else ""
    yield f"at most {spec.max_accuracy_drop:g} points lost{sure}"
    if spec.max_size is not None:
        yield f"at most {spec.max_size:,.0f} bytes" if not isinstance(spec.max_size, str) else spec.max_size
    if spec.max_latency is not None:
        yield f"at most {spec.max_latency:g} ms" if not isinstance(spec.max_latency, str) else spec.max_latency


def _as_time(budget: float | str) -> str:
    return budget if isinstance(budget, str) else format_duration(budget)


def _print_front(console: Console, report: CompressReport) -> None:
    heads = ("#", "points lost", "ms", "times as fast", "MB", "recipe")
    front = [one for one in report.candidates if one.on_front]
    rows = [_row(one) for one in sorted(front, key=lambda one: one.metrics[report.minimize])]
    print_table(console, heads, rows, right=heads[:-1])


def _row(one: CandidateReport) -> tuple[object, ...]:
    metrics = one.metrics
    return (
        one.number,
        f"{metrics['drop']:.2f}",
        f"{metrics['latency']:.4g}",
        f"{metrics['speedup']:.3g}",
        f"{metrics['size'] / _MEGABYTE:.2f}",
        one.summary,
    )


def _describe_result(report: CompressReport) -> dict[str, object]:
    chosen = report.chosen
    confirmed = report.confirmation
    return {
        "target": "met" if report.met else "not met by any candidate; the nearest is",
        "chosen": f"{chosen.number}: {chosen.summary}",
        "points lost": None if chosen.drop is None else f"{_interval(chosen.drop)} on the validation rows",
        "confirmed": f"{_interval(confirmed.drop)} on {confirmed.rows} rows never used before",
        "times as fast": None if chosen.speedup is None else _interval(chosen.speedup),
        "size": f"{report.original.size:,} bytes before, {chosen.metrics['size']:,.0f} after",
        "model": f"{report.model_path} ({report.format})",
    }


def _interval(found: Estimate) -> str:
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"
