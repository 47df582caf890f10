"""The whole report as one HTML document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from persopt.domain.languages import Language
from persopt.domain.reports import TuneReport
from persopt.reporting.figures import embed_svg
from persopt.reporting.locale import Locale, load_locale
from persopt.reporting.page import render_page
from persopt.tuning.html_report.provenance import list_facts
from persopt.tuning.html_report.summary import list_figures, state_verdict
from persopt.tuning.html_report.tables import list_failures, list_space, list_trials
from persopt.tuning.plots import parallel, slices
from persopt.tuning.plots.gallery import draw_plots
from persopt.tuning.request_forms import to_command, to_json, to_python

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ("PACKAGE", "make_html", "tuning_locale")

PACKAGE: Final = "persopt.tuning.html_report"
_LIMITS: Final = {"parallel-coordinates": parallel.MOST_PARAMETERS, "slices": slices.MOST_PARAMETERS}


def tuning_locale(language: Language) -> Locale:
    """Return a language with the messages of tuning reports and their plots."""
    return load_locale(language, PACKAGE)


def make_html(report: TuneReport, language: Language, plots: Mapping[str, str] | None = None) -> str:
    """Return the report as one file: no script, nothing from the network, everything that users wrote escaped.

    Args:
        report: The study; best with its spec and curves, as `run_tuning` and `report.json` have them.
        language: Its language.
        plots: What `draw_plots` gave for this report and language; drawn here if not given.
    """
    locale = tuning_locale(language)
    drawn = draw_plots(report, locale) if plots is None else plots
    names, trials = list_trials(report, locale)
    return render_page(
        PACKAGE,
        "tune.html",
        locale,
        title=_title(report, locale),
        kind=locale.text(_kind(report)),
        made=_made(report, locale),
        verdict=state_verdict(report, locale),
        figures=list_figures(report, locale),
        plots=[_plot(name, svg, names, report, locale) for name, svg in drawn.items()],
        names=names,
        objectives=[objective.metric for objective in report.objectives],
        trials=trials,
        failures=list_failures(report, locale),
        space=list_space(report, locale),
        facts=list_facts(report, locale),
        model=report.model_path,
        requests=_requests(report),
        version=metadata.version("persopt"),
    )


def _kind(report: TuneReport) -> str:
    if report.spec is None or report.spec.trains_model:
        return "kind.training"
    return "kind.function" if report.spec.function is not None else "kind.command"


def _title(report: TuneReport, locale: Locale) -> str:
    name = report.spec.name if report.spec is not None else ""
    return locale.text("title.named", name=name) if name else locale.text("title")


def _made(report: TuneReport, locale: Locale) -> str:
    """Say how many trials there were and when the last one ended; the report itself depends on no clock."""
    ends: list[datetime] = [trial.finished_at for trial in report.trials if trial.finished_at is not None]
    parts = [locale.count("trials", len(report.trials))]
    return " · ".join([*parts, locale.moment(max(ends))] if ends else parts)


def _plot(name: str, svg: str, names: list[str], report: TuneReport, locale: Locale) -> dict[str, Any]:
    limit = _LIMITS.get(name, len(names))
    notes = [locale.text(f"plot.{name}.caption")]
    if len(names) > limit:
        notes.append(locale.text("plot.limited", shown=limit, number=len(names)))
    if name == "importances":
        codes = dict.fromkeys(report.importance_notes.get(goal.metric) for goal in report.objectives)
        notes += [locale.text(f"importance.{code}") for code in codes if code == "few-trials"]
    title = locale.text(f"plot.{name}")
    embedded: Markup = embed_svg(svg, name, title)
    return {"name": name, "title": title, "notes": notes, "svg": embedded}


def _requests(report: TuneReport) -> list[tuple[str, str]]:
    if report.spec is None:
        return []
    forms = (("python", to_python), ("cli", to_command), ("json", to_json))
    return [(name, form(report.spec)) for name, form in forms]
