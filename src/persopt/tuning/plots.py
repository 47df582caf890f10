"""The history of a study as a standalone SVG file."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.domain.objectives import Objective
from persopt.domain.trials import TrialRecord
from persopt.tuning.ranking import best_so_far, find_best

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ("draw_history",)

_INK: Final = "#3a3f47"
_POINT: Final = "#2f6fb7"
_BEST: Final = "#c8553d"
_SETTINGS: Final[dict[Any, Any]] = {
    # Text stays text: it can be searched, scaled and read aloud, and Persian is shaped by the viewer.
    "svg.fonttype": "none",
    # Ids in the file do not change from run to run.
    "svg.hashsalt": "persopt",
    "font.family": ["sans-serif"],
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw_history(trials: Sequence[TrialRecord], objectives: Sequence[Objective], path: Path, title: str = "") -> None:
    """Write an SVG file: one panel an objective, a point a trial, a line for the best so far.

    Stopped trials with a value are hollow points, trials without a value are marks at the lower edge. The file
    is the same, byte for byte, for the same records.

    Args:
        trials: The trials, by number.
        objectives: What was searched for, at least one.
        path: The file; its folder exists.
        title: Put above the panels, in any script.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # The font here may lack a script that the viewer's font has.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=(8, 1 + 2.6 * len(objectives)), layout="constrained")
        panels = figure.subplots(len(objectives), 1, sharex=True, squeeze=False)[:, 0].tolist()
        for index, (axes, objective) in enumerate(zip(panels, objectives, strict=True)):
            _draw_panel(axes, trials, objective, index)
        _mark_best(panels, find_best(trials, objectives))
        panels[-1].set_xlabel("trial")
        panels[-1].xaxis.get_major_locator().set_params(integer=True)
        if title:
            # A dollar sign is a dollar sign, not mathematics.
            figure.suptitle(title, parse_math=False)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": "persopt", "Title": title or "History"})


def _draw_panel(axes: Axes, trials: Sequence[TrialRecord], objective: Objective, index: int) -> None:
    succeeded = [trial for trial in trials if trial.state == "succeeded"]
    stopped = [trial for trial in trials if trial.state == "stopped" and trial.values]
    without = [trial.number for trial in trials if not trial.values]
    axes.set_ylabel(f"{objective.metric} ({objective.direction})", parse_math=False)
    axes.grid(axis="y", alpha=0.25)
    best = [value for value in best_so_far(trials, objective, index) if value is not None]
    if best:
        # From the first trial with a value on, there always is a best one.
        numbers = [trial.number for trial in trials[len(trials) - len(best) :]]
        axes.step(numbers, best, where="post", color=_BEST, linewidth=1.5, label="best so far", zorder=1)
    for label, shown, face in (("succeeded", succeeded, _POINT), ("stopped", stopped, "none")):
        if shown:
            numbers, values = [trial.number for trial in shown], [trial.values[index] for trial in shown]
            axes.scatter(numbers, values, s=26, facecolors=face, edgecolors=_POINT, label=label, zorder=2)
    if without:
        edge = axes.get_xaxis_transform()
        label = "without a value"
        axes.scatter(without, [0.0] * len(without), marker="x", color=_INK, transform=edge, clip_on=False, label=label)
    if trials and index == 0:
        axes.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _mark_best(panels: Sequence[Axes], best: TrialRecord | None) -> None:
    if best is None:
        return
    for axes, value in zip(panels, best.values, strict=True):
        axes.scatter([best.number], [value], s=110, facecolors="none", edgecolors=_BEST, linewidths=1.5, zorder=3)
    panels[0].set_title(f"best: {best.values[0]:.4g} in trial {best.number}", loc="left", fontsize="medium")
