"""Tables of each model against the baseline, and of the slices."""

from __future__ import annotations

from collections.abc import Iterator

from persopt.comparison.reports.wording import (
    estimate_cell,
    isolate_name,
    judge_change,
    name_metric,
    name_shape,
    say_chance,
    tell_number,
)
from persopt.comparison.verdict import name_slice
from persopt.domain.compare_reports import ComparedSlice, CompareReport, MetricChange, ModelPair
from persopt.reporting.locale import Locale
from persopt.reporting.tables import Cell, Table

__all__ = ("likeness_table", "list_pair_tables", "list_slice_tables", "ratio_table", "speedup_table")


def ratio_table(report: CompareReport, locale: Locale) -> Table:
    """Return a row a pair: by how much smaller, faster, lighter."""
    columns = ("size-ratio", "memory-ratio", "load-ratio", "speedup")
    return Table(
        name="ratios",
        title=locale.text("compare.table.ratios"),
        heads=[_head("model", locale), *(_number_head(name, locale) for name in columns)],
        rows=[list(_ratio_row(pair, locale)) for pair in report.pairs],
        notes=[locale.text("compare.note.ratios", baseline=isolate_name(report.baseline.label))],
    )


def _ratio_row(pair: ModelPair, locale: Locale) -> Iterator[Cell]:
    yield Cell(pair.label, kind="name")
    for ratio in (pair.size_ratio, pair.memory_ratio, pair.load_ratio):
        yield tell_number(ratio, locale)
    yield estimate_cell(pair.speedup, locale)


def likeness_table(report: CompareReport, locale: Locale) -> Table | None:
    """Return how alike each model answers, and how far its outputs are; None where neither is known."""
    if all(pair.agreement is None and pair.outputs is None for pair in report.pairs):
        return None
    rows = []
    for pair in report.pairs:
        one = pair.outputs
        values = (None,) * 4 if one is None else (one.largest, one.mean, one.cosine, one.rows)
        cells = [tell_number(value, locale) for value in (pair.agreement, *values)]
        rows.append([Cell(pair.label, kind="name"), *cells])
    columns = ("agreement", "largest", "mean", "cosine", "rows")
    return Table(
        name="likeness",
        title=locale.text("compare.table.likeness"),
        heads=[_head("model", locale), *(_number_head(name, locale) for name in columns)],
        rows=rows,
    )


def speedup_table(report: CompareReport, locale: Locale) -> Table | None:
    """Return the speed-up of each model at each shape; None where nothing was timed."""
    shapes = list(dict.fromkeys((one.batch, one.length) for pair in report.pairs for one in pair.speedups))
    if not shapes:
        return None
    found = [{(one.batch, one.length): one.speedup for one in pair.speedups} for pair in report.pairs]
    return Table(
        name="speedups",
        title=locale.text("compare.table.speedups"),
        heads=[
            Cell(locale.text("compare.column.shape"), kind="number"),
            *(Cell(pair.label, kind="number") for pair in report.pairs),
        ],
        rows=[
            [
                Cell(name_shape(*shape, locale), kind="number"),
                *(estimate_cell(speedups.get(shape), locale) for speedups in found),
            ]
            for shape in shapes
        ],
        notes=[locale.text("compare.note.speedups", confidence=locale.percent(report.confidence))],
    )


def list_pair_tables(report: CompareReport, place: int, locale: Locale) -> list[Table]:
    """Return what the rows say of the model at a place among the pairs: changes by metric, and who is right."""
    pair, tables = report.pairs[place], []
    if pair.changes:
        columns = ("change", "p", "adjusted", "needed")
        tables.append(
            Table(
                name=f"changes-{place + 1}",
                title=locale.text("compare.table.changes"),
                heads=[
                    _head("metric", locale),
                    *(_number_head(name, locale) for name in columns),
                    _head("judged", locale),
                ],
                rows=[
                    [Cell(name_metric(name, locale)), *_change_cells(change, name, report, locale)]
                    for name, change in pair.changes.items()
                ],
                notes=[locale.text("compare.note.changes", confidence=locale.percent(report.confidence))],
            )
        )
    if pair.discordance is not None:
        counts = pair.discordance
        tables.append(
            Table(
                name=f"right-{place + 1}",
                title=locale.text("compare.table.right"),
                heads=[
                    _head("who", locale),
                    *(_number_head(name, locale) for name in ("model-right", "model-wrong")),
                ],
                rows=[
                    [
                        _head("baseline-right", locale),
                        tell_number(counts.both, locale),
                        tell_number(counts.only_baseline, locale),
                    ],
                    [
                        _head("baseline-wrong", locale),
                        tell_number(counts.only_model, locale),
                        tell_number(counts.neither, locale),
                    ],
                ],
            )
        )
    return tables


def _change_cells(change: MetricChange, metric: str, report: CompareReport, locale: Locale) -> list[Cell]:
    return [
        estimate_cell(change.change, locale, signed=True),
        tell_number(change.p_value, locale, say_chance(change.p_value, locale)),
        tell_number(change.adjusted_p, locale, say_chance(change.adjusted_p, locale)),
        tell_number(change.rows_needed, locale),
        Cell(judge_change(change, metric, report.confidence, locale), locale.text(f"compare.test.{change.test}")),
    ]


def list_slice_tables(report: CompareReport, locale: Locale) -> list[Table]:
    """Return the metric of each model on each slice, then the change of each but the baseline."""
    if not report.slices or report.metric is None:
        return []
    metric = name_metric(report.metric, locale)
    values = Table(
        name="slices",
        title=locale.text("compare.table.slices", metric=metric),
        heads=[
            _head("slice", locale),
            _number_head("rows", locale),
            *(Cell(model.label, kind="number") for model in report.models),
        ],
        rows=[
            [
                *_slice_cells(part, locale),
                *(estimate_cell(one, locale) for one in part.quality),
            ]
            for part in report.slices
        ],
    )
    columns = ("change", "p", "adjusted", "needed")
    changes = Table(
        name="slice-changes",
        title=locale.text("compare.table.slice-changes", metric=metric),
        heads=[
            _head("slice", locale),
            _head("model", locale),
            *(_number_head(name, locale) for name in columns),
            _head("judged", locale),
        ],
        rows=[
            [
                _slice_cells(part, locale)[0],
                Cell(pair.label, kind="name"),
                *_change_cells(change, report.metric, report, locale),
            ]
            for part in report.slices
            for pair, change in zip(report.pairs, part.changes, strict=False)
        ],
        notes=[locale.text("compare.note.slice-changes")],
    )
    return [values, changes] if changes.rows else [values]


def _slice_cells(part: ComparedSlice, locale: Locale) -> list[Cell]:
    return [Cell(name_slice(part, locale), kind="name"), tell_number(part.rows, locale)]


def _head(name: str, locale: Locale) -> Cell:
    return Cell(locale.text(f"compare.column.{name}"))


def _number_head(name: str, locale: Locale) -> Cell:
    return Cell(locale.text(f"compare.column.{name}"), kind="number")
