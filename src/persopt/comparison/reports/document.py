"""The whole report as one HTML document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from persopt.comparison.reports.difference_table import difference_table
from persopt.comparison.reports.model_tables import folder_table, quality_table, size_table, speed_table, trade_table
from persopt.comparison.reports.pair_tables import (
    likeness_table,
    list_pair_tables,
    list_slice_tables,
    ratio_table,
    speedup_table,
)
from persopt.comparison.reports.plots import MOST_SLICES, draw_plots
from persopt.comparison.reports.wording import PACKAGE, isolate_name, reports_locale
from persopt.domain.compare_reports import CompareReport
from persopt.domain.languages import Language
from persopt.reporting.environment import name_facts, tell_environment
from persopt.reporting.figures import embed_svg
from persopt.reporting.locale import Locale
from persopt.reporting.numerals import isolate
from persopt.reporting.page import render_page
from persopt.reporting.tables import Table

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ("Section", "list_sections", "list_verdicts", "make_html", "make_title")


class Section(Struct, frozen=True, kw_only=True):
    """A part of the report: plots by name, each with its numbers in the tables that follow.

    Attributes:
        name: Its id.
        title: Its heading.
        plots: Names of what `draw_plots` gives, as far as it does.
        tables: What stands below.
        parts: A heading with tables, for each model against the baseline.
        notes: Sentences below the heading.
    """

    name: str
    title: str
    plots: Sequence[str] = ()
    tables: Sequence[Table] = ()
    parts: Sequence[tuple[str, Sequence[Table]]] = ()
    notes: Sequence[str] = ()


def make_html(report: CompareReport, language: Language, folder: Path, plots: Mapping[str, str] | None = None) -> str:
    """Return the report as one file: no script, nothing from the network, everything that users wrote escaped.

    Args:
        report: The comparison, with its verdicts.
        language: Its language.
        folder: Where the files of the comparison lie, if the report does not name them.
        plots: What `draw_plots` gave for this report and language; drawn here if not given.
    """
    locale = reports_locale(language)
    drawn = draw_plots(report, locale) if plots is None else plots
    return render_page(
        PACKAGE,
        "compare.html",
        locale,
        title=make_title(report, locale),
        baseline=report.baseline.label,
        models=locale.count("compare.models", len(report.models)),
        verdicts=list_verdicts(report, language),
        figures=list(_list_figures(report, locale)),
        notes=report.notes.get(language, []),
        sections=list(list_sections(report, locale, folder)),
        plots={name: _embed(name, svg, report, locale) for name, svg in drawn.items()},
        facts=name_facts(_tell_facts(report, locale), locale) + _own_facts(report, locale),
        request="" if report.spec is None else msgspec.json.format(msgspec.json.encode(report.spec)).decode(),
        version=metadata.version("persopt"),
    )


def make_title(report: CompareReport, locale: Locale) -> str:
    """Return the heading of the whole."""
    name = report.spec.name if report.spec is not None else ""
    return locale.text("compare.title.named", name=name) if name else locale.text("compare.title")


def list_verdicts(report: CompareReport, language: Language) -> list[tuple[str, str]]:
    """Return each model but the baseline, with what comes of it."""
    labels = [pair.label for pair in report.pairs]
    return list(zip(labels, report.verdicts.get(language, []), strict=False))


def list_sections(report: CompareReport, locale: Locale, folder: Path) -> Iterator[Section]:
    """Give the parts that this comparison has something for, in their order."""

    def make(name: str, tables: Sequence[Table | None], **fields: Any) -> Section:
        shown = [table for table in tables if table is not None]
        title = locale.text(f"compare.section.{name}", baseline=isolate_name(report.baseline.label))
        return Section(name=name, title=title, tables=shown, **fields)

    yield make(
        "models",
        [trade_table(report, locale), size_table(report, locale), folder_table(report, locale)],
        plots=["trade"],
    )
    yield make(
        "pairs",
        [ratio_table(report, locale), likeness_table(report, locale)],
        parts=[
            (pair.label, tables)
            for place, pair in enumerate(report.pairs)
            if (tables := list_pair_tables(report, place, locale))
        ],
    )
    if (quality := quality_table(report, locale)) is not None:
        yield make("quality", [quality], plots=["quality"])
    speed, speedups = speed_table(report, locale), speedup_table(report, locale)
    if speed is not None or speedups is not None:
        yield make("speed", [speedups, speed], plots=["speedups"])
    if slices := list_slice_tables(report, locale):
        yield make("slices", slices, plots=["slices"])
    if report.rows:
        yield make("differences", [difference_table(report, folder, locale)], notes=_say_differences(report, locale))


def _say_differences(report: CompareReport, locale: Locale) -> list[str]:
    if not report.differences:
        return [locale.text("compare.note.same")] if any(pair.agreement is not None for pair in report.pairs) else []
    files = [path for name, path in report.artifacts.items() if name.startswith("differences.")]
    return [locale.text("compare.note.file", file=isolate(path)) for path in files]


def _list_figures(report: CompareReport, locale: Locale) -> Iterator[tuple[str, str]]:
    yield locale.text("compare.figure.models"), locale.number(len(report.models))
    if report.rows:
        key = "rows" if report.has_labels else "unlabelled"
        yield locale.text(f"compare.figure.{key}"), locale.number(report.rows)
        yield locale.text("compare.figure.differences"), locale.number(report.differences)
    yield locale.text("compare.figure.confidence"), locale.percent(report.confidence)
    yield locale.text("compare.figure.threads"), locale.number(report.threads)
    yield locale.text("compare.figure.time"), locale.duration(report.seconds)


def _embed(name: str, svg: str, report: CompareReport, locale: Locale) -> dict[str, Any]:
    title = locale.text(f"compare.plot.{name}")
    notes = [locale.text(f"compare.plot.{name}.caption")]
    if name == "slices" and len(report.slices) > MOST_SLICES:
        notes.append(locale.text("compare.plot.limited", shown=MOST_SLICES, number=len(report.slices)))
    embedded: Markup = embed_svg(svg, name, title)
    return {"title": title, "notes": notes, "svg": embedded}


def _tell_facts(report: CompareReport, locale: Locale) -> Iterator[tuple[str, str]]:
    spec, environment = report.spec, report.environment
    yield "job", report.job_id or ""
    yield "model", report.baseline.path
    yield "modelHash", str(environment.get("modelHash") or "")
    if spec is not None:
        yield "data", spec.dataset_path
    yield "dataHash", str(environment.get("dataHash") or "")
    yield "task", report.task or ""
    yield from tell_environment(environment, locale)


def _own_facts(report: CompareReport, locale: Locale) -> list[tuple[str, Markup]]:
    split = report.spec.split if report.spec is not None and report.rows else ""
    facts: list[tuple[str, Sequence[object]]] = [
        ("split", [split] if split else []),
        ("device", [report.device]),
        ("modelThreads", [report.threads]),
        ("classes", report.classes),
    ]
    return [(locale.text(f"compare.fact.{name}"), locale.isolated(values)) for name, values in facts if values]
