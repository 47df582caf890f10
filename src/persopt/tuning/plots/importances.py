"""How much each parameter mattered: a bar a parameter, a panel an objective."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from persopt.domain.objectives import Objective
from persopt.reporting.axes import shorten
from persopt.reporting.figures import ACCENT, INK
from persopt.reporting.numerals import format_percent
from persopt.tuning.plots.study_view import StudyView

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ("MOST_BARS", "draw_importances")

MOST_BARS: Final = 20


def draw_importances(figure: Figure, view: StudyView) -> None:
    """Draw the shares, the largest at the top; at most 20 bars. Where there is no answer the reason is written."""
    heights = [max(2, min(MOST_BARS, len(view.report.importances.get(item.metric, {})))) for item in view.objectives]
    panels = figure.subplots(len(view.objectives), 1, squeeze=False, gridspec_kw={"height_ratios": heights})
    for axes, objective in zip(panels[:, 0].tolist(), view.objectives, strict=True):
        _draw_panel(axes, view, objective)


def _draw_panel(axes: Axes, view: StudyView, objective: Objective) -> None:
    shares = dict(list(view.report.importances.get(objective.metric, {}).items())[:MOST_BARS])
    axes.set_title(view.objective_label(objective), loc="left", fontsize="medium")
    if not shares:
        note = view.report.importance_notes.get(objective.metric, "no-difference")
        axes.text(0.0, 0.5, view.locale.text(f"importance.{note}"), transform=axes.transAxes, va="center")
        axes.set_axis_off()
        return
    places = range(len(shares))
    axes.barh(places, list(shares.values()), height=0.62, color=ACCENT)
    axes.set_yticks(places, [shorten(name, 28) for name in shares])
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set_xlim(0, max(shares.values()) * 1.15)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    for index, share in enumerate(shares.values()):
        text = format_percent(share, view.locale.language)
        axes.annotate(text, (share, index), xytext=(5, 0), textcoords="offset points", va="center", color=INK)
