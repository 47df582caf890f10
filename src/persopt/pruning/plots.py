"""The sparsity of each tensor: as a standalone SVG file and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from persopt.domain.prune_reports import TensorSparsity
from persopt.reporting.bars import BAR_HEIGHT, render_bars
from persopt.reporting.figures import ACCENT, BEST

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ("draw_sparsity", "sparsity_table")

_BEFORE: Final = "#9db7d5"


def draw_sparsity(tensors: Sequence[TensorSparsity], asked: float, title: str = "") -> str:
    """Return an SVG file: a bar a pruned tensor, from the first layer down, and a line at the sparsity asked for.

    Args:
        tensors: Of the report; those that were not pruned are left out.
        asked: The sparsity asked for.
        title: Put above, in any script.
    """
    shown = [one for one in tensors if one.pruned]
    places = range(len(shown))

    def draw(axes: Axes) -> None:
        axes.barh(places, [one.sparsity for one in shown], height=BAR_HEIGHT, color=ACCENT, label="now")
        if any(one.zeros_before for one in shown):
            before = [one.zeros_before / one.parameters for one in shown]
            axes.barh(places, before, height=BAR_HEIGHT, color=_BEFORE, label="before")
        axes.axvline(asked, color=BEST, linewidth=1.2, label="asked for")
        axes.set_xlim(0, 1)
        axes.set_xlabel("share of zero weights")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))

    return render_bars([one.name for one in shown], draw, title=title, otherwise="Sparsity")


def sparsity_table(tensors: Sequence[TensorSparsity]) -> str:
    """Return every tensor as CSV: name, shape, pruned, parameters, zeros before and now, sparsity."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "shape", "pruned", "parameters", "zerosBefore", "zeros", "sparsity"))
    for one in tensors:
        shape = "x".join(map(str, one.shape))
        pruned = str(one.pruned).lower()
        writer.writerow((one.name, shape, pruned, one.parameters, one.zeros_before, one.zeros, f"{one.sparsity:.9g}"))
    return text.getvalue()
