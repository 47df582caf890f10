"""Tables of the models, each by itself: what it is, what it costs, how well and how fast it does."""

from __future__ import annotations

from collections.abc import Iterator

from persopt.comparison.reports.costs import list_trades, mean_latency
from persopt.comparison.reports.wording import NOTHING, estimate_cell, name_metric, name_shape, tell_number
from persopt.domain.compare_reports import ComparedModel, CompareReport
from persopt.reporting.locale import Locale
from persopt.reporting.tables import Cell, Table

__all__ = ("folder_table", "metric_names", "quality_table", "size_table", "speed_table", "trade_table")


def metric_names(report: CompareReport) -> list[str]:
    """Return the metrics of any model, the task's own first."""
    names = dict.fromkeys(name for model in report.models for name in model.quality)
    return sorted(names, key=lambda name: name != report.metric)


def size_table(report: CompareReport, locale: Locale) -> Table:
    """Return what the models are: format, size, parameters, memory, load time."""
    columns = ("format", "weights", "total", "parameters", "peak", "base", "load")
    heads = [Cell(locale.text(f"compare.column.{name}"), kind="number") for name in columns[1:]]
    return Table(
        name="models",
        title=locale.text("compare.table.models"),
        heads=[_head("model", locale), _head("format", locale), *heads],
        rows=[list(_size_row(model, locale)) for model in report.models],
        notes=[locale.text("compare.note.models")],
    )


def _size_row(model: ComparedModel, locale: Locale) -> Iterator[Cell]:
    yield Cell(model.label, kind="name")
    yield Cell(model.format, kind="name")
    yield _bytes(model.weight_bytes, locale)
    yield _bytes(model.total_bytes, locale)
    yield tell_number(model.parameters, locale)
    if model.memory is None:
        yield from (NOTHING, NOTHING, NOTHING)
    else:
        yield _bytes(model.memory.peak, locale)
        yield _bytes(model.memory.base, locale)
        yield Cell(locale.duration(model.memory.load_seconds), kind="number")


def folder_table(report: CompareReport, locale: Locale) -> Table:
    """Return where the models lie."""
    return Table(
        name="folders",
        title=locale.text("compare.table.folders"),
        heads=[_head("model", locale), _head("path", locale)],
        rows=[[Cell(model.label, kind="name"), Cell(model.path, kind="path")] for model in report.models],
    )


def quality_table(report: CompareReport, locale: Locale) -> Table | None:
    """Return the metrics of each model with their intervals; None where nothing was judged."""
    names = metric_names(report)
    if not names:
        return None
    return Table(
        name="quality",
        title=locale.text("compare.table.quality"),
        heads=[_head("model", locale), *(Cell(name_metric(name, locale), kind="number") for name in names)],
        rows=[
            [Cell(model.label, kind="name"), *(estimate_cell(model.quality.get(name), locale) for name in names)]
            for model in report.models
        ],
        notes=[locale.text("compare.note.interval", confidence=locale.percent(report.confidence))],
    )


def speed_table(report: CompareReport, locale: Locale) -> Table | None:
    """Return percentiles and throughput of each model at each shape; None where nothing was timed."""
    columns = ("p50", "p95", "p99", "throughput", "calls")
    rows = [
        [
            Cell(model.label, kind="name"),
            Cell(name_shape(one.batch, one.length, locale), kind="number"),
            *(tell_number(value, locale) for value in (one.p50, one.p95, one.p99, one.throughput, one.calls)),
        ]
        for model in report.models
        for one in model.speed
    ]
    if not rows:
        return None
    heads = [Cell(locale.text(f"compare.column.{name}"), kind="number") for name in ("shape", *columns)]
    return Table(
        name="speed",
        title=locale.text("compare.table.speed"),
        heads=[_head("model", locale), *heads],
        rows=rows,
        notes=[locale.text("compare.note.speed")],
    )


def trade_table(report: CompareReport, locale: Locale) -> Table | None:
    """Return the figures of the plot of quality and cost, and which models none beats; None where none is drawn."""
    trades = list_trades(report)
    if not trades:
        return None
    judged = any(trade.up == "quality" for trade in trades)
    heads = [Cell(locale.text(f"compare.axis.{axis}"), kind="number") for axis in ("latency", "size")]
    if judged:
        heads.append(Cell(name_metric(report.metric or "", locale), kind="number"))
    front = [_head(f"front.{trade.across}.{trade.up}", locale) for trade in trades]
    rows = []
    for place, model in enumerate(report.models):
        row = [
            Cell(model.label, kind="name"),
            tell_number(mean_latency(report, model), locale),
            tell_number(model.weight_bytes / 1e6, locale),
        ]
        if judged:
            row.append(estimate_cell(model.quality.get(report.metric or ""), locale))
        rows.append([*row, *(Cell(_on_front(place, trade.models, trade.front, locale)) for trade in trades)])
    return Table(
        name="trade",
        title=locale.text("compare.table.trade"),
        heads=[_head("model", locale), *heads, *front],
        rows=rows,
        notes=[locale.text("compare.note.trade")],
        marked=frozenset(place for trade in trades for place in trade.front),
    )


def _on_front(place: int, shown: list[int], front: list[int], locale: Locale) -> str:
    if place not in shown:
        return NOTHING.text
    return locale.text("compare.on-front" if place in front else "compare.beaten")


def _head(name: str, locale: Locale) -> Cell:
    return Cell(locale.text(f"compare.column.{name}"))


def _bytes(number: int, locale: Locale) -> Cell:
    short, exact = locale.bytes(number), locale.text("unit.B", number=number)
    return Cell(short, exact if exact != short else "", "number")
