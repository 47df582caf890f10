"""The plots of a comparison: worth and cost, metrics, speed-ups and slices, all with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from persopt.comparison.reports.costs import Axis, list_trades
from persopt.comparison.reports.model_tables import metric_names
from persopt.comparison.reports.wording import name_metric, name_shape
from persopt.comparison.verdict import name_slice
from persopt.domain.compare_reports import CompareReport
from persopt.domain.measurements import Estimate
from persopt.reporting.axes import format_axis, shorten
from persopt.reporting.figures import ACCENT, INK, MUTED, SERIES, render_svg
from persopt.reporting.locale import Locale
from persopt.reporting.point_labels import label_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ("MOST_SLICES", "draw_plots", "draw_trades")

MOST_SLICES: Final = 30
_WIDTH: Final = 9.0
_MARKERS: Final = "osD^vP"
_LONGEST: Final = 34


def draw_plots(report: CompareReport, locale: Locale) -> dict[str, str]:
    """Return each plot that there is something for as a standalone SVG file, by name, in the order of a page."""
    return {
        name: render_svg(
            draw, width=_WIDTH, height=height, title=_title(name, report, locale), language=locale.language
        )
        for name, height, draw in _choose(report, locale)
    }


def _title(name: str, report: CompareReport, locale: Locale) -> str:
    title = locale.text(f"compare.plot.{name}")
    return f"{report.spec.name} – {title}" if report.spec is not None and report.spec.name else title


def _choose(report: CompareReport, locale: Locale) -> Iterator[tuple[str, float, Callable[[Figure], None]]]:
    models = len(report.models)
    if list_trades(report):
        yield "trade", 4.2, lambda figure: draw_trades(figure, report, locale)
    if names := metric_names(report):
        rows = -(-len(names) // 2)
        yield "quality", 0.3 + rows * (0.9 + 0.28 * models), lambda figure: _draw_quality(figure, report, locale)
    shapes = {(one.batch, one.length) for pair in report.pairs for one in pair.speedups}
    if shapes:
        height = 1.3 + len(shapes) * (0.2 + 0.22 * len(report.pairs))
        yield "speedups", height, lambda figure: _draw_speedups(figure, report, locale)
    if report.slices and report.metric is not None:
        height = 1.3 + min(MOST_SLICES, len(report.slices)) * (0.2 + 0.18 * models)
        yield "slices", height, lambda figure: _draw_slices(figure, report, locale)


def draw_trades(figure: Figure, report: CompareReport, locale: Locale) -> None:
    """Draw a panel for each pair of figures, the models on the front in colour and joined."""
    trades = list_trades(report)
    panels = figure.subplots(1, len(trades), squeeze=False)[0]
    for axes, trade in zip(panels, trades, strict=True):
        for place, point in zip(trade.models, trade.points, strict=True):
            best = place in trade.front
            axes.scatter(*point, s=46 if best else 26, color=ACCENT if best else MUTED, linewidths=0, zorder=3)
        front = sorted(point for place, point in zip(trade.models, trade.points, strict=True) if place in trade.front)
        if len(front) > 1:
            axes.step(*zip(*front, strict=True), where="post", color=ACCENT, linewidth=1)
        _scatter_legend(axes, locale, others=len(front) < len(trade.models))
        axes.margins(0.15)
        axes.set_xlabel(_axis_name(trade.across, report, locale))
        axes.set_ylabel(_axis_name(trade.up, report, locale))
        format_axis(axes.xaxis, locale)
        format_axis(axes.yaxis, locale)
        axes.grid()
    for axes, trade in zip(panels, trades, strict=True):  # now that no panel changes its size any more
        label_points(axes, trade.points, [_label(report.models[place].label) for place in trade.models])


def _scatter_legend(axes: Axes, locale: Locale, *, others: bool) -> None:
    axes.scatter([], [], s=46, color=ACCENT, linewidths=0, label=locale.text("compare.plot.front"))
    if others:
        axes.scatter([], [], s=26, color=MUTED, linewidths=0, label=locale.text("compare.plot.other"))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


def _axis_name(axis: Axis, report: CompareReport, locale: Locale) -> str:
    return name_metric(report.metric or "", locale) if axis == "quality" else locale.text(f"compare.axis.{axis}")


def _draw_quality(figure: Figure, report: CompareReport, locale: Locale) -> None:
    names = metric_names(report)
    columns = min(2, len(names))
    panels = figure.subplots(-(-len(names) // columns), columns, squeeze=False, sharey=True).flatten().tolist()
    labels = [_label(model.label) for model in report.models]
    for axes, name in zip(panels, names, strict=False):
        for place, model in enumerate(report.models):
            _draw_interval(axes, model.quality.get(name), place, place)
        if name in report.baseline.quality:
            axes.axvline(report.baseline.quality[name].value, color=MUTED, linewidth=1, linestyle="--")
        axes.set_title(name_metric(name, locale), loc="left", fontsize="medium")
        _finish(axes, labels, locale)
    for axes in panels[len(names) :]:
        axes.set_axis_off()


def _draw_speedups(figure: Figure, report: CompareReport, locale: Locale) -> None:
    axes = figure.subplots()
    shapes = list(dict.fromkeys((one.batch, one.length) for pair in report.pairs for one in pair.speedups))
    for place, pair in enumerate(report.pairs, 1):
        for one in pair.speedups:
            at = shapes.index((one.batch, one.length)) + _shift(place - 1, len(report.pairs))
            _draw_interval(axes, one.speedup, at, place)
    axes.axvline(1.0, color=MUTED, linewidth=1, linestyle="--")
    axes.set_xscale("log")
    axes.set_xlabel(locale.text("compare.axis.speedup"))
    _finish(axes, [name_shape(*shape, locale) for shape in shapes], locale)
    axes.set_ylabel(locale.text("compare.column.shape"))
    _legend(axes, [(place, pair.label) for place, pair in enumerate(report.pairs, 1)])


def _draw_slices(figure: Figure, report: CompareReport, locale: Locale) -> None:
    axes = figure.subplots()
    shown = report.slices[:MOST_SLICES]
    for row, part in enumerate(shown):
        for place, estimate in enumerate(part.quality):
            _draw_interval(axes, estimate, row + _shift(place, len(report.models)), place)
    axes.set_xlabel(name_metric(report.metric or "", locale))
    _finish(axes, [_label(name_slice(part, locale)) for part in shown], locale)
    _legend(axes, [(place, model.label) for place, model in enumerate(report.models)])


def _shift(place: int, count: int) -> float:
    """Return how far below the middle of its row the mark of one of several lies."""
    return (place - (count - 1) / 2) * 0.45 / max(1, count - 1) if count > 1 else 0.0


def _draw_interval(axes: Axes, estimate: Estimate | None, at: float, place: int) -> None:
    if estimate is None:
        return
    colour, marker = _look(place)
    axes.plot([estimate.low, estimate.high], [at, at], color=colour, linewidth=2, solid_capstyle="butt")
    axes.plot([estimate.value], [at], color=colour, marker=marker, markersize=6, linestyle="none")


def _look(place: int) -> tuple[str, str]:
    """Return colour and marker of a model; the baseline is drawn in ink."""
    colour = INK if place == 0 else SERIES[(place - 1) % len(SERIES)]
    return colour, _MARKERS[(place + (place - 1) // len(SERIES)) % len(_MARKERS)]


def _legend(axes: Axes, named: Sequence[tuple[int, str]]) -> None:
    for place, label in named:
        colour, marker = _look(place)
        # A label that begins with an underscore would be left out.
        axes.plot([], [], color=colour, marker=marker, linewidth=2, markersize=6, label=f"\u200b{_label(label)}")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3)


def _finish(axes: Axes, names: Sequence[str], locale: Locale) -> None:
    axes.set_yticks(range(len(names)), list(names))
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.5, -0.5)
    format_axis(axes.xaxis, locale)
    axes.grid(axis="x")


def _label(text: str) -> str:
    """Return a name that fits; what no XML can hold is left out."""
    return shorten("".join(sign for sign in text if sign >= " " and sign not in "\ufffe\uffff"), _LONGEST)
