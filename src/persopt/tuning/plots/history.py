"""The history of a study: a point a trial, a line for the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from persopt.reporting.axes import format_axis
from persopt.reporting.figures import ACCENT, BEST, INK
from persopt.tuning.plots.study_view import MANY, StudyView
from persopt.tuning.ranking import best_so_far

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ("draw_history",)


def draw_history(figure: Figure, view: StudyView) -> None:
    """Draw a panel an objective.

    Stopped trials with a value are hollow points, trials without a value are marks at the lower edge.
    """
    panels = figure.subplots(len(view.objectives), 1, sharex=True, squeeze=False)[:, 0].tolist()
    for index, axes in enumerate(panels):
        _draw_panel(axes, view, index)
        format_axis(axes.yaxis, view.locale)
    if view.best is not None and view.best.values:
        _mark_best(panels, view)
    panels[-1].set_xlabel(view.locale.text("plot.trial"))
    format_axis(panels[-1].xaxis, view.locale, whole=True)
    if len(view.trials) == 1:
        panels[-1].set_xlim(-1, 1)


def _draw_panel(axes: Axes, view: StudyView, index: int) -> None:
    words, trials, objective = view.locale.text, view.trials, view.objectives[index]
    succeeded = [trial for trial in view.valued if trial.state == "succeeded"]
    stopped = [trial for trial in view.valued if trial.state == "stopped"]
    without = [trial.number for trial in trials if not trial.values]
    many = len(trials) > MANY
    axes.set_ylabel(view.objective_label(objective))
    axes.grid(axis="y")
    best = [value for value in best_so_far(trials, objective, index, view.report.constraints) if value is not None]
    if best:
        # From the first trial with a value on, there always is a best one.
        numbers = [trial.number for trial in trials[len(trials) - len(best) :]]
        axes.step(numbers, best, where="post", color=BEST, linewidth=1.5, label=words("plot.best-so-far"), zorder=1)
    for label, shown, face in (("plot.succeeded", succeeded, ACCENT), ("plot.stopped", stopped, "none")):
        if shown:
            numbers, values = [trial.number for trial in shown], [trial.values[index] for trial in shown]
            axes.scatter(
                numbers,
                values,
                s=8 if many else 26,
                facecolors=face,
                edgecolors=ACCENT,
                label=words(label),
                zorder=2,
                rasterized=many,
            )
    if without:
        axes.scatter(
            without,
            [0.0] * len(without),
            marker="x",
            color=INK,
            transform=axes.get_xaxis_transform(),
            clip_on=False,
            label=words("plot.without-value"),
            rasterized=many,
        )
    if trials and index == 0:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _mark_best(panels: list[Axes], view: StudyView) -> None:
    best = view.best
    assert best is not None
    for axes, value in zip(panels, best.values, strict=True):
        axes.scatter([best.number], [value], s=110, facecolors="none", edgecolors=BEST, linewidths=1.5, zorder=3)
    locale = view.locale
    shown = locale.tick(float(f"{best.values[0]:.4g}"))
    title = locale.text("plot.best", value=shown, trial=locale.tick(best.number))
    panels[0].set_title(title, loc="left", fontsize="medium")
