"""The Pareto front: the trials that no other beats in every objective, a panel a pair of objectives."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from persopt.domain.reports import TuneReport
from persopt.domain.trials import TrialRecord
from persopt.reporting.axes import format_axis
from persopt.reporting.figures import ACCENT, BEST, MUTED
from persopt.tuning.plots.study_view import MANY, StudyView
from persopt.tuning.ranking import pareto_front

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ("draw_pareto", "front_of", "list_pairs")

_MOST_PAIRS: Final = 6
_NAMED: Final = 12


def list_pairs(view: StudyView) -> list[tuple[int, int]]:
    """Return the pairs of objectives that are shown, at most six."""
    return list(combinations(range(len(view.objectives)), 2))[:_MOST_PAIRS]


def front_of(report: TuneReport) -> set[int]:
    """Return the numbers of the succeeded trials within the limits that no other one beats."""
    return {trial.number for trial in pareto_front(report.trials, report.objectives, report.constraints)}


def draw_pareto(figure: Figure, view: StudyView) -> None:
    """Draw every pair of objectives; the front in colour, with the numbers of its trials if they are few."""
    pairs = list_pairs(view)
    columns = min(2, len(pairs))
    rows = -(-len(pairs) // columns)
    panels = figure.subplots(rows, columns, squeeze=False).flatten().tolist()
    front = front_of(view.report)
    shown = [trial for trial in view.valued if trial.state == "succeeded"]
    for axes, pair in zip(panels, pairs, strict=False):
        _draw_panel(axes, view, shown, front, pair)
    for axes in panels[len(pairs) :]:
        axes.set_axis_off()
    panels[0].legend(loc="best")


def _draw_panel(axes: Axes, view: StudyView, shown: list[TrialRecord], front: set[int], pair: tuple[int, int]) -> None:
    first, second = pair
    many = len(shown) > MANY
    others = [trial for trial in shown if trial.number not in front]
    best = sorted((trial for trial in shown if trial.number in front), key=lambda trial: trial.values[first])
    for label, trials, colour, size in (("plot.other", others, MUTED, 20), ("plot.front", best, ACCENT, 34)):
        axes.scatter(
            [trial.values[first] for trial in trials],
            [trial.values[second] for trial in trials],
            s=size,
            color=colour,
            linewidths=0,
            label=view.locale.text(label),
            rasterized=many and colour == MUTED,
        )
    if len(view.objectives) == 2 and best:  # noqa: PLR2004 - with more, the front is no line
        upper_right = view.objectives[first].direction == "maximize"
        points = [(trial.values[first], trial.values[second]) for trial in best]
        axes.step(*zip(*points, strict=True), where="pre" if upper_right else "post", color=ACCENT, linewidth=1)
    if view.best is not None and view.best.values:
        values = view.best.values
        axes.scatter([values[first]], [values[second]], s=110, facecolors="none", edgecolors=BEST, linewidths=1.5)
    if len(best) <= _NAMED:
        for trial in best:
            point = (trial.values[first], trial.values[second])
            axes.annotate(view.locale.tick(trial.number), point, xytext=(5, 5), textcoords="offset points", fontsize=8)
    axes.set_xlabel(view.objective_label(view.objectives[first]))
    axes.set_ylabel(view.objective_label(view.objectives[second]))
    format_axis(axes.xaxis, view.locale)
    format_axis(axes.yaxis, view.locale)
    axes.grid()
