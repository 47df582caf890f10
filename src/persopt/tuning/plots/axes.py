"""Axes: numbers in the report's language, and a place for every value of a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from persopt.domain.space import CategoricalParameter, Parameter, Scalar
from persopt.domain.trials import TrialRecord
from persopt.reporting.locale import Locale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

__all__ = ("format_axis", "place", "scale_parameter", "shorten")

_LONGEST: Final = 18


def format_axis(axis: Axis, locale: Locale, *, whole: bool = False) -> None:
    """Write an axis's numbers in the language, a moderate count of them."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    if axis.get_scale() == "log":
        low, high = sorted(axis.get_view_interval())
        narrow = low > 0 and high / low < 100  # noqa: PLR2004 - two powers of ten
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if narrow else (1.0,), numticks=6))
        axis.set_minor_formatter(NullFormatter())
    else:
        axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10], integer=whole))
    axis.set_major_formatter(FuncFormatter(lambda value, _: locale.tick(value)))


def scale_parameter(axes: Axes, parameter: Parameter, locale: Locale) -> None:
    """Give the horizontal axis the parameter's scale: its choices side by side, or a linear or log scale."""
    if isinstance(parameter, CategoricalParameter):
        axes.set_xticks(range(len(parameter.choices)), [shorten(locale.value(item)) for item in parameter.choices])
        axes.set_xlim(-0.5, len(parameter.choices) - 0.5)
        if sum(len(str(item)) for item in parameter.choices) > _LONGEST:
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


def shorten(text: str, longest: int = _LONGEST) -> str:
    """Return a text that fits a label."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
