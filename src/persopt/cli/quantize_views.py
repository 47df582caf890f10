"""Quantization jobs as people see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from persopt.cli.output import format_duration, format_value, print_facts, print_table
from persopt.domain.jobs import JobRecord
from persopt.domain.measurements import Estimate, MemoryUse
from persopt.domain.quantize_reports import BackendTried, QuantizeReport
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ("describe_quantization", "print_quantize_result")

_GROUPED_BITS: Final = 4
_FLOAT_BITS: Final = 16
_MEGABYTE: Final = 1e6


def describe_quantization(spec: QuantizeSpec) -> dict[str, object]:
    """Return what a quantization is to do, as names and values."""
    config = spec.config
    return {
        "model": spec.model_path,
        "output": spec.output_path,
        "method": _describe_config(config),
        "ranges": _describe_ranges(config),
        "smoothing": None if config.smoothing is None else f"alpha {config.smoothing:g}",
        "kept as they are": config.keep,
        "backend": config.backend,
        "data": spec.dataset_path,
        "task": spec.task,
    }


def print_quantize_result(console: Console, job: JobRecord, *, with_state: bool = True) -> None:
    """Print how the job ended, the speed by shape, sizes, memory, quality, and where everything lies."""
    state = f"{job.id} {job.state} after {format_duration(job.active_seconds)}"
    facts: dict[str, object] = {"job": state} if with_state else {}
    if job.result is not None:
        report = msgspec.convert(job.result, QuantizeReport)
        _print_speed(console, report)
        facts |= _describe_result(report)
        for number, text in enumerate(report.notes):
            facts["note" if number == 0 else f"note {number + 1}"] = text
    print_facts(console, facts)


def _describe_config(config: QuantizeConfig) -> str:
    if config.bits > _FLOAT_BITS:
        return "32 bits: export only"
    if config.bits == _FLOAT_BITS:
        return f"16 bits, {config.float_type}"
    weights = "symmetric" if config.symmetric else "asymmetric"
    if config.bits == _GROUPED_BITS:
        shared = f"groups of {config.group_size}" + (" by GPTQ" if config.rounding == "gptq" else "")
    else:
        shared = "per channel" if config.per_channel else "per tensor"
    return f"{config.method}, {config.bits} bits, weights {weights} {shared}"


def _describe_ranges(config: QuantizeConfig) -> str | None:
    if config.method not in ("static", "qat"):
        return None
    return f"percentile {config.percentile:g}" if config.ranges == "percentile" else config.ranges


def _print_speed(console: Console, report: QuantizeReport) -> None:
    if not report.speed:
        return
    heads = ("rows", "length", "before ms", "after ms", "times as fast", "from", "to", "rows/s")
    rows = [
        (
            one.after.batch,
            one.after.length,
            f"{one.before.p50:.4g}",
            f"{one.after.p50:.4g}",
            *(f"{value:.3g}" for value in (one.speedup.value, one.speedup.low, one.speedup.high)),
            f"{one.after.throughput:.4g}",
        )
        for one in report.speed
    ]
    print_table(console, heads, rows, right=heads)


def _describe_result(report: QuantizeReport) -> dict[str, object]:
    share = report.bytes_after / report.bytes_before
    facts: dict[str, object] = {
        "backend": f"{report.backend} ({report.format})",
        "weights on disk": f"{report.bytes_before:,} bytes before, {report.bytes_after:,} after: {share:.1%}",
        "whole folder": f"{report.total_bytes:,} bytes",
    }
    if report.memory_before is not None and report.memory_after is not None:
        facts["memory"] = _describe_memory(report.memory_before, report.memory_after)
    if report.quality is not None:
        quality = report.quality
        for name in dict.fromkeys((quality.metric, "loss")):
            if name in quality.change:
                facts[name] = _describe_change(quality.before[name], quality.after[name], quality.change[name])
    if report.outputs is not None:
        one = report.outputs
        facts["outputs"] = f"differ by {one.mean:.3g} on average, {one.largest:.3g} at most; cosine {one.cosine:.6f}"
    if report.layers:
        facts["worst layers"] = [f"{one.name} ({one.error:.2g})" for one in report.layers[:3]]
    facts |= dict(_describe_tried(report.tried))
    return facts | {"quantized model": report.model_path, **report.artifacts}


def _describe_memory(before: MemoryUse, after: MemoryUse) -> str:
    peaks = f"{before.peak / _MEGABYTE:,.0f} MB at most before, {after.peak / _MEGABYTE:,.0f} MB after"
    return f"{peaks}; loaded in {before.load_seconds:.2g} s and {after.load_seconds:.2g} s"


def _describe_change(before: Estimate, after: Estimate, change: Estimate) -> str:
    told = f"{format_value(before.value)} before, {format_value(after.value)} after"
    return f"{told}: {change.value:+.4g} ({change.low:+.4g} to {change.high:+.4g})"


def _describe_tried(tried: list[BackendTried]) -> Iterator[tuple[str, str]]:
    for one in tried:
        told = one.reason if one.latency is None else f"{one.latency:.4g} ms a call"
        yield f"tried {one.backend}", told
