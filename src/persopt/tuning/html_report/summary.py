"""What came out, in plain sentences and a few figures."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from msgspec import Struct

from persopt.domain.reports import TuneReport
from persopt.domain.trials import TrialRecord
from persopt.reporting.locale import Locale
from persopt.tuning.plots.pareto import front_of

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ("KeyFigure", "list_figures", "state_verdict")


class KeyFigure(Struct, frozen=True):
    """A number that is shown large, its name above it and a remark below."""

    name: str
    value: str
    note: str = ""


def state_verdict(report: TuneReport, locale: Locale) -> list[list[Markup]]:
    """Return paragraphs of sentences: the best trial and its gain, then what mattered and how it ended."""
    if report.best is None or not report.best.values:
        return [[locale.html("verdict.none")], [_state_end(report, locale)]]
    first = [_name_best(report, report.best, locale), *_compare(report, report.best, locale)]
    params = locale.isolated([f"{name} = {locale.value(value)}" for name, value in report.best.params.items()])
    second = [locale.html("verdict.params", params=params)] if params else []
    return [first, [*second, *_say_what_mattered(report, locale), _state_end(report, locale)]]


def gain_of(report: TuneReport) -> float | None:
    """Return by what share the best trial is better than the first that succeeded; None if that says nothing."""
    baseline = _baseline(report)
    if report.best is None or not report.best.values or baseline is None or baseline.number == report.best.number:
        return None
    if baseline.values[0] == 0:
        return None
    return report.objectives[0].improvement(report.best.values[0], baseline.values[0]) / 100


def list_figures(report: TuneReport, locale: Locale) -> list[KeyFigure]:
    """Return the key figures."""
    figures = []
    best = report.best
    if best is not None and best.values:
        note = locale.text("figure.best.note", trial=best.number)
        for objective, value in zip(report.objectives, best.values, strict=True):
            figures.append(KeyFigure(locale.text("figure.best", metric=objective.metric), locale.number(value), note))
    if (gain := gain_of(report)) is not None:
        figures.append(KeyFigure(locale.text("figure.gain"), locale.percent(gain, signed=True)))
    if len(report.objectives) > 1 and (front := front_of(report)):
        figures.append(KeyFigure(locale.text("figure.pareto"), locale.number(len(front))))
    states = [trial.state for trial in report.trials]
    counts = {state: states.count(state) for state in ("succeeded", "stopped", "failed")}
    figures.append(
        KeyFigure(locale.text("figure.trials"), locale.number(len(states)), locale.text("figure.trials.note", **counts))
    )
    spans = [trial.seconds for trial in report.trials if trial.seconds is not None]
    note = locale.text("figure.time.note", seconds=locale.duration(median(spans))) if spans else ""
    figures.append(KeyFigure(locale.text("figure.time"), locale.duration(report.seconds), note))
    figures.append(KeyFigure(locale.text("figure.strategy"), report.strategy))
    points = locale.text("figure.space.continuous") if report.space_size is None else locale.number(report.space_size)
    figures.append(KeyFigure(locale.text("figure.space"), points))
    return figures


def _baseline(report: TuneReport) -> TrialRecord | None:
    return next((trial for trial in report.trials if trial.state == "succeeded" and trial.values), None)


def _name_best(report: TuneReport, best: TrialRecord, locale: Locale) -> Markup:
    named = [
        locale.html("verdict.values", metric=objective.metric, value=value)
        for objective, value in zip(report.objectives, best.values, strict=True)
    ]
    if report.feasible == 0:
        return locale.html("verdict.beyond", trial=best.number, values=locale.enumerate(named))
    if len(named) > 1:
        return locale.html("verdict.best.several", trial=best.number, values=locale.enumerate(named))
    return locale.html("verdict.best", trial=best.number, metric=report.objectives[0].metric, value=best.values[0])


def _compare(report: TuneReport, best: TrialRecord, locale: Locale) -> list[Markup]:
    baseline = _baseline(report)
    if baseline is None:
        return [locale.html("verdict.stopped")]
    metric, value = report.objectives[0].metric, baseline.values[0]
    if baseline.number == best.number:
        alone = sum(trial.state == "succeeded" for trial in report.trials) == 1
        return [locale.html("verdict.only" if alone else "verdict.first")]
    gain = gain_of(report)
    if gain is None or gain <= 0:
        return [locale.html("verdict.zero", metric=metric, value=value)]
    return [locale.html("verdict.gain", percent=locale.percent(gain), metric=metric, value=value)]


def _say_what_mattered(report: TuneReport, locale: Locale) -> list[Markup]:
    """Say it for the first objective."""
    metric = report.objectives[0].metric
    shares, note = report.importances.get(metric, {}), report.importance_notes.get(metric)
    if not shares:
        return [locale.html(f"importance.{note}")] if note else []
    name, share = next(iter(shares.items()))
    key = "verdict.matters.few" if note == "few-trials" else "verdict.matters"
    return [locale.html(key, parameter=name, share=locale.percent(share))]


def _state_end(report: TuneReport, locale: Locale) -> Markup:
    key = f"ended.{report.ended_by}"
    return locale.html(key) if locale.has(key) else locale.html("ended.other", reason=report.ended_by)
