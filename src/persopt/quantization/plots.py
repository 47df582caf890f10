"""The error that each layer adds: as a standalone SVG file and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from persopt.domain.measurements import LayerError
from persopt.reporting.bars import BAR_HEIGHT, render_bars
from persopt.reporting.figures import ACCENT
from persopt.reporting.numerals import format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ("draw_layers", "layer_table")


def draw_layers(layers: Sequence[LayerError], title: str = "") -> str:
    """Return an SVG file: a bar a layer, the worst first, on a logarithmic scale.

    Args:
        layers: Of the report.
        title: Put above, in any script.
    """

    def draw(axes: Axes) -> None:
        axes.barh(range(len(layers)), [one.error for one in layers], height=BAR_HEIGHT, color=ACCENT)
        if any(one.error > 0 for one in layers):
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(lambda value, _: format_number(value, "en"))
            axes.xaxis.set_minor_formatter(lambda *_: "")
        axes.set_xlabel("error with only this layer quantized: mean square by that of the outputs")

    return render_bars([one.name for one in layers], draw, title=title, otherwise="Error by layer")


def layer_table(layers: Sequence[LayerError]) -> str:
    """Return the layers as CSV: name, parameters, error, cosine."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "parameters", "error", "cosine"))
    for one in layers:
        writer.writerow((one.name, one.parameters, f"{one.error:.9g}", f"{one.cosine:.9g}"))
    return text.getvalue()
