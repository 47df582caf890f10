"""Learning curves: the evaluations of every trial, a panel an objective."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from persopt.domain.objectives import Objective
from persopt.domain.reports import TuneReport
from persopt.reporting.axes import format_axis
from persopt.reporting.figures import ACCENT, BEST, INK
from persopt.tuning.plots.study_view import MANY, StudyView

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ("draw_learning_curves", "drawn_objectives")

Line = list[tuple[int, float]]


def drawn_objectives(report: TuneReport) -> list[Objective]:
    """Return the objectives that were reported on the way."""
    seen = {name for evaluation in report.curves for name in evaluation.metrics}
    return [objective for objective in report.objectives if objective.metric in seen]


def draw_learning_curves(figure: Figure, view: StudyView) -> None:
    """Draw a line a trial; the best one is marked, stopped ones are dashed and end in a cross."""
    objectives = drawn_objectives(view.report)
    panels = figure.subplots(len(objectives), 1, sharex=True, squeeze=False)[:, 0].tolist()
    for axes, objective in zip(panels, objectives, strict=True):
        _draw_panel(axes, view, objective.metric)
        axes.set_ylabel(view.objective_label(objective))
        axes.grid(axis="y")
        format_axis(axes.yaxis, view.locale)
    panels[-1].set_xlabel(view.locale.text("plot.step"))
    format_axis(panels[-1].xaxis, view.locale, whole=True)
    panels[0].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _draw_panel(axes: Axes, view: StudyView, metric: str) -> None:
    from matplotlib.collections import LineCollection

    ended: list[Line] = []
    stopped: list[Line] = []
    states = {trial.number: trial.state for trial in view.trials}
    for number, evaluations in view.curves.items():
        line = [
            (one.step, one.metrics[metric]) for one in evaluations if math.isfinite(one.metrics.get(metric, math.nan))
        ]
        if not line:
            continue
        if view.best is not None and number == view.best.number:
            axes.plot(
                *zip(*line, strict=True), color=BEST, linewidth=2.2, zorder=4, label=view.locale.text("plot.best-trial")
            )
            axes.scatter(*line[-1], s=26, color=BEST, zorder=4)
            continue
        (stopped if states.get(number) == "stopped" else ended).append(line)
    many = len(ended) + len(stopped) > MANY
    words = view.locale.text
    for label, lines, style, marker in (
        ("plot.other-trials", ended, "solid", "o"),
        ("plot.stopped", stopped, "dashed", "x"),
    ):
        if not lines:
            continue
        collection = LineCollection(lines, colors=ACCENT, alpha=0.55, linewidths=1.1, linestyles=style, rasterized=many)
        axes.add_collection(collection, autolim=True)
        colour = ACCENT if marker == "o" else INK
        axes.scatter(*_ends(lines), s=16, color=colour, marker=marker, zorder=3, label=words(label), rasterized=many)
    axes.autoscale_view()


def _ends(lines: Sequence[Line]) -> tuple[list[int], list[float]]:
    return [line[-1][0] for line in lines], [line[-1][1] for line in lines]
