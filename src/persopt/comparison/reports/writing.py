"""The files of a comparison's report."""

from __future__ import annotations

from pathlib import Path

from persopt.comparison.reports.document import make_html
from persopt.comparison.reports.markdown_report import make_markdown
from persopt.comparison.reports.model_card import make_model_card
from persopt.comparison.reports.plots import draw_plots
from persopt.comparison.reports.wording import reports_locale
from persopt.domain.compare_reports import CompareReport
from persopt.domain.languages import LANGUAGES, Language
from persopt.reporting.artifacts import write_texts
from persopt.reporting.new_file import write_new_file

__all__ = ("write_comparison_page", "write_comparison_reports")


def write_comparison_reports(folder: Path, report: CompareReport) -> dict[str, str]:
    """Write the report for people and return the files' absolute paths by name.

    `report.<language>.html` and `report.<language>.md` in each language, `model-card.md`, and the plots as
    `<name>.svg` in the language of the report's spec; English without one.

    Args:
        folder: Where to; made if need be. Where the report names no `differences.jsonl`, that of this folder is
            looked for.
        report: The comparison, with its verdicts.

    Raises:
        OutputError: if a file cannot be written.
    """
    language = "en" if report.spec is None else report.spec.report_language
    texts = {"model-card.md": make_model_card(report)}
    for one in LANGUAGES:
        plots = draw_plots(report, reports_locale(one))
        texts[f"report.{one}.html"] = make_html(report, one, folder, plots)
        texts[f"report.{one}.md"] = make_markdown(report, one, folder, plots)
        if one == language:
            texts |= {f"{name}.svg": svg for name, svg in plots.items()}
    return write_texts(folder, texts)


def write_comparison_page(
    report: CompareReport, path: Path, language: Language | None = None, *, overwrite: bool = False
) -> None:
    """Write the HTML report of a comparison that is over.

    Args:
        report: The comparison, with its verdicts; the rows that differ are read from the file that it names.
        path: The file.
        language: By default that of the report's spec, English without one.
        overwrite: Take the place of a file that exists.

    Raises:
        ConflictError: if the file exists and is not to be overwritten.
        OutputError: if the file cannot be written.
    """
    own: Language = "en" if report.spec is None else report.spec.report_language
    folder = path.with_name(f".{path.name}.none")  # what the report does not name is not looked for elsewhere
    page = make_html(report, language or own, folder)
    write_new_file(path, lambda part: part.write_text(page, "utf-8", newline=""), overwrite=overwrite)
