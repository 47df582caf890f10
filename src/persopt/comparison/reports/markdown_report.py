"""The report as Markdown, with GitHub's tables: for an issue, a pull request or a wiki."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from persopt.comparison.reports.document import list_sections, list_verdicts, make_title
from persopt.comparison.reports.wording import reports_locale
from persopt.domain.compare_reports import CompareReport
from persopt.domain.languages import Language
from persopt.reporting.locale import Locale
from persopt.reporting.markdown import escape_markdown, render_table

__all__ = ("make_markdown",)


def make_markdown(report: CompareReport, language: Language, folder: Path, plots: Collection[str] = ()) -> str:
    """Return the report as Markdown: verdicts, notes, then the tables of the page.

    Args:
        report: The comparison, with its verdicts.
        language: Its language.
        folder: Where the files of the comparison lie, if the report does not name them.
        plots: Names of plots that lie beside it as `<name>.svg`.
    """
    return "\n".join(_write(report, reports_locale(language), folder, plots))


def _write(report: CompareReport, locale: Locale, folder: Path, plots: Collection[str]) -> Iterator[str]:
    yield f"# {escape_markdown(make_title(report, locale))}\n"
    for label, text in list_verdicts(report, locale.language):
        yield f"- **{escape_markdown(label)}**: {escape_markdown(text, own=True)}"
    yield ""
    for note in report.notes.get(locale.language, []):
        yield f"- {escape_markdown(note, own=True)}"
    yield ""
    for section in list_sections(report, locale, folder):
        yield f"## {escape_markdown(section.title)}\n"
        for note in section.notes:
            yield f"{escape_markdown(note)}\n"
        for name in section.plots:
            if name in plots:
                yield f"![{locale.text(f'compare.plot.{name}')}]({name}.svg)\n"
        for table in section.tables:
            yield f"### {escape_markdown(table.title)}\n"
            yield render_table(table)
        for label, tables in section.parts:
            yield f"### {escape_markdown(label)}\n"
            for table in tables:
                yield f"#### {escape_markdown(table.title)}\n"
                yield render_table(table)
