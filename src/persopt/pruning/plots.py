"""The sparsity of each tensor: as a standalone SVG file and as CSV."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from persopt.domain.prune_reports import TensorSparsity

__all__ = ("draw_sparsity", "sparsity_table")

_INK: Final = "#3a3f47"
_BEFORE: Final = "#9db7d5"
_NOW: Final = "#2f6fb7"
_GOAL: Final = "#c8553d"
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


def draw_sparsity(tensors: Sequence[TensorSparsity], asked: float, path: Path, title: str = "") -> None:
    """Write an SVG file: a bar a pruned tensor, from the first layer down, and a line at the sparsity asked for.

    Args:
        tensors: Of the report; those that were not pruned are left out.
        asked: The sparsity asked for.
        path: The file; its folder exists.
        title: Put above, in any script.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    shown = [one for one in tensors if one.pruned]
    named = len(shown) <= _MOST_NAMED
    height = 1.2 + (0.2 * len(shown) if named else 8.0)
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # the viewer's font may have it
        figure = Figure(figsize=(8, height), layout="constrained")
        axes = figure.subplots()
        places = range(len(shown))
        axes.barh(places, [one.sparsity for one in shown], height=0.8, color=_NOW, label="now")
        if any(one.zeros_before for one in shown):
            before = [one.zeros_before / one.parameters for one in shown]
            axes.barh(places, before, height=0.8, color=_BEFORE, label="before")
        axes.axvline(asked, color=_GOAL, linewidth=1.2, label="asked for")
        axes.set_yticks(places if named else [], [one.name for one in shown] if named else [], fontsize=7)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(0, 1)
        axes.set_xlabel("share of zero weights")
        axes.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
        if title:
            figure.suptitle(title, parse_math=False)
        metadata = {"Date": None, "Creator": "persopt", "Title": title or "Sparsity"}
        figure.savefig(path, format="svg", metadata=metadata)


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
