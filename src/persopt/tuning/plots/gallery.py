"""All plots of a study, drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from persopt.domain.reports import TuneReport
from persopt.reporting.figures import render_svg
from persopt.reporting.locale import Locale
from persopt.tuning.plots.history import draw_history
from persopt.tuning.plots.importances import MOST_BARS, draw_importances
from persopt.tuning.plots.learning_curves import draw_learning_curves, drawn_objectives
from persopt.tuning.plots.parallel import draw_parallel
from persopt.tuning.plots.pareto import draw_pareto, list_pairs
from persopt.tuning.plots.slices import count_rows, draw_slices
from persopt.tuning.plots.study_view import StudyView

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ("PLOTS", "draw_plots")

PLOTS: Final = ("history", "importances", "learning-curves", "parallel-coordinates", "slices", "pareto-front")
"""Names in the order in which a report shows them; the files are `<name>.svg`."""

_WIDTH: Final = 9.0


def draw_plots(report: TuneReport, locale: Locale) -> dict[str, str]:
    """Return each plot that this study has something for as a standalone SVG file, by name.

    The same report gives the same bytes. With thousands of trials the points and lines are an image inside the
    file.
    """
    view = StudyView(report, locale)
    drawn = {}
    for name, height, draw in _choose(view):
        title = f"{report.spec.name} – {locale.text(f'plot.{name}')}" if report.spec and report.spec.name else ""
        drawn[name] = render_svg(
            lambda figure, draw=draw: draw(figure, view),  # type: ignore[misc]  # bound at once
            width=_WIDTH,
            height=height,
            title=title or locale.text(f"plot.{name}"),
            language=locale.language,
        )
    return drawn


def _choose(view: StudyView) -> Iterator[tuple[str, float, Callable[[Figure, StudyView], None]]]:
    """Give name, height in inches and function of each plot that has something to show."""
    report, goals = view.report, len(view.objectives)
    yield "history", 1 + 2.6 * goals, draw_history
    bars = sum(max(2, min(MOST_BARS, len(report.importances.get(goal.metric, {})))) for goal in view.objectives)
    yield "importances", 0.4 + 0.5 * goals + 0.34 * bars, draw_importances
    if curves := drawn_objectives(report):
        yield "learning-curves", 1 + 2.8 * len(curves), draw_learning_curves
    if view.varying and view.valued:
        yield "parallel-coordinates", 4.2, draw_parallel
        yield "slices", 0.4 + 2.5 * count_rows(view), draw_slices
    if goals > 1 and any(trial.state == "succeeded" for trial in view.valued):
        yield "pareto-front", 4.4 * -(-len(list_pairs(view)) // 2), draw_pareto
