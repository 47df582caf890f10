"""The error that each layer adds: as a standalone SVG file and as CSV."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from persopt.domain.measurements import LayerError

__all__ = ("draw_layers", "layer_table")

_INK: Final = "#3a3f47"
_BAR: Final = "#2f6fb7"
_SETTINGS: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "persopt",  # the same file for the same report
    "font.family": ["sans-serif"],
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_MOST_NAMED: Final = 160  # rows that still have room for their names


def draw_layers(layers: Sequence[LayerError], path: Path, title: str = "") -> None:
    """Write an SVG file: a bar a layer, the worst first, on a logarithmic scale.

    Args:
        layers: Of the report.
        path: The file; its folder exists.
        title: Put above, in any script.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    named = len(layers) <= _MOST_NAMED
    height = 1.2 + (0.2 * len(layers) if named else 8.0)
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # the viewer's font may have it
        figure = Figure(figsize=(8, height), layout="constrained")
        axes = figure.subplots()
        places = range(len(layers))
        axes.barh(places, [one.error for one in layers], height=0.8, color=_BAR)
        axes.set_yticks(places if named else [], [one.name for one in layers] if named else [], fontsize=7)
        axes.set_ylim(len(layers) - 0.4, -0.6)
        if any(one.error > 0 for one in layers):
            axes.set_xscale("log")
        axes.set_xlabel("squared error of the outputs when only this layer is quantized, by the outputs' mean square")
        if title:
            figure.suptitle(title, parse_math=False)
        metadata = {"Date": None, "Creator": "persopt", "Title": title or "Error by layer"}
        figure.savefig(path, format="svg", metadata=metadata)


def layer_table(layers: Sequence[LayerError]) -> str:
    """Return the layers as CSV: name, parameters, error, cosine."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "parameters", "error", "cosine"))
    for one in layers:
        writer.writerow((one.name, one.parameters, f"{one.error:.9g}", f"{one.cosine:.9g}"))
    return text.getvalue()
