"""Parallel coordinates: an axis a parameter and an objective, a line a trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from persopt.domain.space import CategoricalParameter, Parameter
from persopt.domain.trials import TrialRecord
from persopt.reporting.axes import shorten
from persopt.reporting.figures import ACCENT, BEST, INK, MUTED
from persopt.tuning.plots.axes import place
from persopt.tuning.plots.study_view import MANY, StudyView

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ("MOST_PARAMETERS", "draw_parallel")

MOST_PARAMETERS: Final = 10
_GOOD_SHARE: Final = 0.1
_MOST_TICKS: Final = 8


class _Axis(Struct, frozen=True):
    """One vertical axis: its name, the height 0 to 1 of every trial (NaN where it has none), heights and labels."""

    name: str
    heights: list[float]
    ticks: list[tuple[float, str]]


def draw_parallel(figure: Figure, view: StudyView) -> None:
    """Draw the most important parameters, at most ten, and the objectives.

    The best tenth by the first objective is in colour, the best trial marked. A line is broken where a trial
    does not have the parameter.
    """
    trials = view.valued
    columns = [_parameter_axis(parameter, trials, view) for parameter in view.varying[:MOST_PARAMETERS]]
    columns += [_objective_axis(index, trials, view) for index in range(len(view.objectives))]
    axes = figure.subplots()
    _draw_lines(axes, view, trials, columns)
    for position, column in enumerate(columns):
        axes.axvline(position, color=INK, linewidth=0.8, zorder=3)
        for height, text in column.ticks:
            label = axes.annotate(
                text, (position, height), xytext=(4, 0), textcoords="offset points", fontsize=8, va="center", zorder=4
            )
            label.set_bbox({"facecolor": "#ffffff", "edgecolor": "none", "alpha": 0.75, "pad": 1})
    turned = len(columns) > 6  # noqa: PLR2004 - names beside each other, or slanted
    names = [shorten(column.name, 24) for column in columns]
    axes.set_xticks(range(len(columns)), names, rotation=20 if turned else 0, ha="right" if turned else "center")
    axes.tick_params(axis="x", length=0)
    axes.set_yticks([])
    axes.set_ylim(-0.05, 1.05)
    axes.set_xlim(-0.15, len(columns) - 1 + 0.45)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _draw_lines(axes: Axes, view: StudyView, trials: Sequence[TrialRecord], columns: Sequence[_Axis]) -> None:
    from matplotlib.collections import LineCollection

    objective = view.objectives[0]
    sign = -1 if objective.direction == "maximize" else 1
    ranked = sorted(range(len(trials)), key=lambda place: sign * trials[place].values[0])
    good = set(ranked[: max(1, math.ceil(_GOOD_SHARE * len(ranked)))])
    best = None if view.best is None else view.best.number
    lines = [[(x, column.heights[place]) for x, column in enumerate(columns)] for place in range(len(trials))]
    groups: list[tuple[list[list[tuple[int, float]]], str, float, float]] = [
        ([line for place, line in enumerate(lines) if place not in good], MUTED, 0.9, 0.45),
        (
            [line for place, line in enumerate(lines) if place in good and trials[place].number != best],
            ACCENT,
            1.4,
            0.9,
        ),
        ([line for place, line in enumerate(lines) if trials[place].number == best], BEST, 2.2, 1.0),
    ]
    for shown, colour, width, alpha in groups:
        if shown:
            many = len(shown) > MANY
            axes.add_collection(
                LineCollection(shown, colors=colour, linewidths=width, alpha=alpha, rasterized=many), autolim=False
            )


def _parameter_axis(parameter: Parameter, trials: Sequence[TrialRecord], view: StudyView) -> _Axis:
    having = [trial for trial in trials if parameter.name in trial.params]
    places = dict(zip([trial.number for trial in having], place(parameter, having), strict=True))
    if isinstance(parameter, CategoricalParameter):
        low, high, log = 0.0, max(1.0, len(parameter.choices) - 1.0), False
        step = -(-len(parameter.choices) // _MOST_TICKS)
        ticks = [
            (index / high, shorten(view.locale.value(parameter.choices[index]), 14))
            for index in range(0, len(parameter.choices), step)
        ]
    else:
        low, high, log = float(parameter.low), float(parameter.high), parameter.log
        middle = math.sqrt(low * high) if log else (low + high) / 2
        whole = isinstance(parameter.low, int)
        marks = [low, float(round(middle)) if whole else float(f"{middle:.3g}"), high]
        ticks = [(_height(mark, low, high, log=log), view.locale.tick(mark)) for mark in dict.fromkeys(marks)]
    heights = [_height(places.get(trial.number, math.nan), low, high, log=log) for trial in trials]
    return _Axis(parameter.name, heights, ticks)


def _objective_axis(index: int, trials: Sequence[TrialRecord], view: StudyView) -> _Axis:
    values = [trial.values[index] for trial in trials]
    low, high = min(values), max(values)
    marks = [low + (high - low) * share for share in (0.0, 0.5, 1.0)] if high > low else [low]
    ticks = [(_height(mark, low, high), view.locale.tick(float(f"{mark:.4g}"))) for mark in marks]
    return _Axis(view.objectives[index].metric, [_height(value, low, high) for value in values], ticks)


def _height(value: float, low: float, high: float, *, log: bool = False) -> float:
    if high == low:
        return 0.5
    return math.log(value / low) / math.log(high / low) if log else (value - low) / (high - low)
