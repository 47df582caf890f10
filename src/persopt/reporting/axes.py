"""Axes of figures: numbers in the report's language, labels that fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from persopt.reporting.locale import Locale

if TYPE_CHECKING:
    from matplotlib.axis import Axis

__all__ = ("LONGEST", "format_axis", "shorten")

LONGEST: Final = 18
"""Characters of a label."""


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


def shorten(text: str, longest: int = LONGEST) -> str:
    """Return a text that fits a label."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
