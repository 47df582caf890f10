"""What a compression leaves beside its report: a table of all candidates and a picture of the front."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from persopt.compression.select import DROP_LIMIT
from persopt.domain.compress_reports import CandidateReport, CompressReport, Confirmation
from persopt.domain.compress_specs import CompressSpec
from persopt.reporting.artifacts import write_texts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ("candidate_table", "draw_front", "write_artifacts", "write_notes")


def write_artifacts(folder: Path, report: CompressReport, title: str = "") -> dict[str, str]:
    """Write `candidates.csv` and `front.svg`, and return their absolute paths by name.

    Raises:
        OutputError: if a file cannot be written.
    """
    return write_texts(
        folder, {"candidates.csv": candidate_table(report.candidates), "front.svg": draw_front(report, title)}
    )


def candidate_table(candidates: Sequence[CandidateReport]) -> str:
    """Return every candidate as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        (
            "number",
            "state",
            "drop",
            "low",
            "high",
            "latency",
            "speedup",
            "size",
            "onFront",
            "within",
            "recipe",
            "reason",
        )
    )
    for one in candidates:
        known = [one.metrics.get(name) for name in ("latency", "speedup", "size")]
        drop = (None, None, None) if one.drop is None else (one.drop.value, one.drop.low, one.drop.high)
        cells = ["" if value is None else f"{value:.9g}" for value in (*drop, *known)]
        flags = [str(flag).lower() for flag in (one.on_front, one.within)]
        writer.writerow((one.number, one.state, *cells, *flags, one.summary, one.reason))
    return text.getvalue()


def draw_front(report: CompressReport, title: str = "") -> str:
    """Return an SVG file: judged candidates by what is minimized and the points lost, the front as a line."""
    from persopt.reporting.figures import ACCENT, BEST, MUTED, render_svg

    judged = [one for one in report.candidates if one.state == "judged"]
    front = sorted((one for one in judged if one.on_front), key=lambda one: one.metrics[report.minimize])

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for found, colour, label in ((judged, MUTED, "judged"), (front, ACCENT, "front")):
            axes.scatter(*_points(found, report.minimize), color=colour, s=24, label=label)
        axes.step(*_points(front, report.minimize), where="post", color=ACCENT, linewidth=1)
        chosen = _points([report.chosen], report.minimize)
        axes.scatter(*chosen, s=110, facecolors="none", edgecolors=BEST, linewidths=1.5, label="chosen")
        axes.axhline(report.limits["drop"], color=BEST, linewidth=1.2, linestyle="--", label="allowed")
        axes.set_xlabel("latency, ms" if report.minimize == "latency" else "size, bytes")
        axes.set_ylabel(f"points of {report.metric} lost")
        axes.legend(loc="best")
        axes.grid()

    return render_svg(draw, width=7.0, height=4.5, title=title or "Compression")


def write_notes(
    spec: CompressSpec, chosen: CandidateReport, confirmation: Confirmation, *, met: bool, ended_by: str
) -> Iterator[str]:
    """Give what to know about a result, in plain words."""
    allowed, drop = spec.max_accuracy_drop, chosen.drop
    unsure = drop is not None and chosen.metrics[DROP_LIMIT] > allowed >= drop.value
    if not met and drop is not None and drop.value <= allowed and not (unsure or spec.max_size or spec.max_latency):
        yield (
            f"No candidate within the points allowed has less {spec.minimize} than the original; the nearest was "
            "delivered."
        )
    elif not met:
        yield (
            "No candidate keeps every limit on the validation rows; the nearest was delivered. Allow more points, time "
            "or candidates, or a larger or slower model."
        )
    if drop is not None and unsure:
        yield (
            f"{drop.value:.2f} points are lost on the validation rows, too few to be {spec.confidence:.0%} sure "
            f"that it is at most {allowed:g}: give more of them, or be content with a lower confidence (0.5 takes the "
            "estimate as it is)."
        )
    if ended_by == "budget":
        yield "The time was over before the candidates were; what was made is kept, so another search goes on from it."
    if met and drop is not None and drop.high > allowed:
        yield (
            f"On the validation rows {drop.value:.2f} points are lost, and with {drop.confidence:.0%} confidence "
            f"between {drop.low:.2f} and {drop.high:.2f}: more rows would tell whether it is at most {allowed:g}."
        )
    where = "test split" if confirmation.source == "test-split" else "validation rows that were held out"
    yield (
        f"On {confirmation.rows} rows of the {where}, never used before, {confirmation.drop.value:.2f} points are lost "
        f"({confirmation.drop.low:.2f} to {confirmation.drop.high:.2f})."
    )
    if met and not confirmation.met:
        yield (
            f"That is more than the {allowed:g} allowed: what was chosen on the validation rows looked a little better "
            "there than it is. It is not chosen anew, or the test rows would have had a say."
        )


def _points(candidates: Sequence[CandidateReport], minimize: str) -> tuple[list[float], list[float]]:
    return [one.metrics[minimize] for one in candidates], [one.metrics["drop"] for one in candidates]
