"""Axes of parameters: a place for every value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from persopt.domain.space import CategoricalParameter, Parameter, Scalar
from persopt.domain.trials import TrialRecord
from persopt.reporting.axes import LONGEST, format_axis, shorten
from persopt.reporting.locale import Locale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ("place", "scale_parameter")


def scale_parameter(axes: Axes, parameter: Parameter, locale: Locale) -> None:
    """Give the horizontal axis the parameter's scale: its choices side by side, or a linear or log scale."""
    if isinstance(parameter, CategoricalParameter):
        axes.set_xticks(range(len(parameter.choices)), [shorten(locale.value(item)) for item in parameter.choices])
        axes.set_xlim(-0.5, len(parameter.choices) - 0.5)
        if sum(len(str(item)) for item in parameter.choices) > LONGEST:
            axes.tick_params(axis="x", rotation=30)
        return
    if parameter.log:
        axes.set_xscale("log")
    whole = parameter.points is None and isinstance(parameter.low, int)
    format_axis(axes.xaxis, locale, whole=whole)


def place(parameter: Parameter, trials: Sequence[TrialRecord]) -> list[float]:
    """Return where each trial's value lies on the axis: the number itself, or the place of the choice."""
    if not isinstance(parameter, CategoricalParameter):
        return [float(trial.params[parameter.name]) for trial in trials]
    places: dict[tuple[str, Scalar], int] = {}
    for index, choice in enumerate(parameter.choices):
        places.setdefault((type(choice).__name__, choice), index)
    plain: dict[Scalar, int] = {choice: index for index, choice in reversed(list(enumerate(parameter.choices)))}
    values = [trial.params[parameter.name] for trial in trials]
    return [float(places.get((type(value).__name__, value), plain[value])) for value in values]
