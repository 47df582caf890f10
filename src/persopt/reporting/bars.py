"""A figure of one bar a name, from the top down, as tall as its names need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from persopt.reporting.figures import render_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ("BAR_HEIGHT", "render_bars")

BAR_HEIGHT: Final = 0.8
"""Of a bar, in rows."""

_WIDTH: Final = 8.0
_MOST_NAMED: Final = 160  # rows that still have room for their names


def render_bars(names: Sequence[str], draw: Callable[[Axes], object], *, title: str, otherwise: str) -> str:
    """Return a figure as a standalone SVG file.

    Args:
        names: Of the rows, the first at the top; left out where they are too many to be read.
        draw: Draws the bars, the first at 0, and the other axis.
        title: Put above, in any script.
        otherwise: What it shows, for those who do not see it, where there is no title.
    """
    named = len(names) <= _MOST_NAMED

    def fill(figure: Figure) -> None:
        axes = figure.subplots()
        draw(axes)
        axes.set_yticks(range(len(names)) if named else [], names if named else [], fontsize=7)
        axes.set_ylim(len(names) - 0.4, -0.6)
        if title:
            figure.suptitle(title)

    height = 1.2 + (0.2 * len(names) if named else 8.0)
    return render_svg(fill, width=_WIDTH, height=height, title=title or otherwise)
