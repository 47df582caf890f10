"""Slices: what each objective was where a parameter had each of its values, a panel a parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from persopt.domain.space import Parameter
from persopt.reporting.axes import format_axis, shorten
from persopt.reporting.figures import ACCENT, BEST
from persopt.tuning.plots.axes import place, scale_parameter
from persopt.tuning.plots.study_view import MANY, StudyView

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ("MOST_PARAMETERS", "count_rows", "draw_slices")

MOST_PARAMETERS: Final = 12
_COLUMNS: Final = 3


def count_rows(view: StudyView) -> int:
    """Return how many rows of panels there are."""
    return len(view.objectives) * -(-len(view.varying[:MOST_PARAMETERS]) // _COLUMNS)


def draw_slices(figure: Figure, view: StudyView) -> None:
    """Draw the most important parameters, at most twelve, for each objective. Later trials are darker."""
    parameters = view.varying[:MOST_PARAMETERS]
    rows, columns = count_rows(view), min(_COLUMNS, len(parameters))
    grid = figure.subplots(rows, columns, squeeze=False, sharey="row")
    per_objective = rows // len(view.objectives)
    for index, objective in enumerate(view.objectives):
        panels = grid[index * per_objective : (index + 1) * per_objective].flatten().tolist()
        for axes, parameter in zip(panels, parameters, strict=False):
            _draw_panel(axes, view, parameter, index)
        for axes in panels[len(parameters) :]:
            axes.set_axis_off()
        for row in grid[index * per_objective : (index + 1) * per_objective]:
            row[0].set_ylabel(view.objective_label(objective))
            format_axis(row[0].yaxis, view.locale)


def _draw_panel(axes: Axes, view: StudyView, parameter: Parameter, index: int) -> None:
    from matplotlib.colors import to_rgba

    shown = [trial for trial in view.valued if parameter.name in trial.params]
    last = max(1, len(view.trials) - 1)
    many = len(shown) > MANY
    axes.scatter(
        place(parameter, shown),
        [trial.values[index] for trial in shown],
        s=7 if many else 22,
        color=[to_rgba(ACCENT, 0.3 + 0.6 * trial.number / last) for trial in shown],
        linewidths=0,
        rasterized=many,
    )
    best = view.best
    if best is not None and best.values and parameter.name in best.params:
        value = best.values[index]
        axes.scatter(place(parameter, [best]), [value], s=80, facecolors="none", edgecolors=BEST, linewidths=1.5)
    scale_parameter(axes, parameter, view.locale)
    axes.set_xlabel(shorten(parameter.name, 28))
    axes.grid(axis="y")
