"""Labels of points in a plot: beside their points, on no other label, with a line where they had to move away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from persopt.reporting.figures import MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

__all__ = ("Box", "find_places", "label_points")

_FONT_SIZE: Final = 8.0
_ASIDE: Final = 7.0
_ABOVE: Final = 3.0
_RADIUS: Final = 4.0
_GAP: Final = 1.0
_RINGS: Final = 400


class Box(NamedTuple):
    """A rectangle, its y growing upwards."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: Box) -> bool:
        """Return whether the insides of two meet."""
        return (
            self.left < other.right and other.left < self.right and self.bottom < other.top and other.bottom < self.top
        )


def label_points(axes: Axes, points: Sequence[tuple[float, float]], labels: Sequence[str]) -> list[Annotation]:
    """Write a label beside each point, so that no two of them overlap; returned in the order of the points.

    The figure must be complete but for these: it is laid out here, and the labels have no say in its layout.

    Args:
        axes: Where the points are drawn.
        points: In the data's units.
        labels: Of the points, as many.
    """
    from matplotlib.text import Text

    figure: Any = axes.figure
    figure.draw_without_rendering()
    scale = figure.dpi / 72  # pixels of a typographical point
    sizes = []
    for label in labels:
        text = axes.text(0.0, 0.0, label, fontsize=_FONT_SIZE)
        extent = Text.get_window_extent(text)
        sizes.append((extent.width / scale, extent.height / scale))
        text.remove()
    places = [tuple(float(part) / scale for part in axes.transData.transform(point)) for point in points]
    bounds = Box(*(float(part) / scale for part in axes.bbox.extents))
    boxes = find_places([(x, y) for x, y in places], sizes, bounds)
    return [
        _write(axes, point, place, box, label)
        for point, place, box, label in zip(points, places, boxes, labels, strict=True)
    ]


def find_places(points: Sequence[tuple[float, float]], sizes: Sequence[tuple[float, float]], bounds: Box) -> list[Box]:
    """Return where labels go: as near to their points as can be, no two overlapping.

    They stay off the points and within the bounds as long as there is room; where there is none they leave first the
    former and then the latter, upwards or downwards.

    Args:
        points: All in one unit, in which a mark is 8 wide.
        sizes: Width and height of each label.
        bounds: Of the plot.
    """
    marks = [Box(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS) for x, y in points]
    middle = sum(x for x, _ in points) / max(1, len(points))
    taken: dict[int, Box] = {}
    for index in sorted(range(len(points)), key=lambda one: (-points[one][1], points[one][0], one)):
        others = list(taken.values())
        taken[index] = next(
            box
            for blocked, stays in (([*others, *marks], True), (others, True), (others, False))
            for box in _candidates(points[index], sizes[index], bounds, leftwards=points[index][0] > middle)
            if not any(box.overlaps(other) for other in blocked)
            and (not stays or (box.bottom >= bounds.bottom and box.top <= bounds.top))
        )
    return [taken[index] for index in range(len(points))]


def _candidates(
    point: tuple[float, float], size: tuple[float, float], bounds: Box, *, leftwards: bool
) -> Iterator[Box]:
    """Give places for a label, the nearest first: above and below, on either side, further and further away."""
    (x, y), (width, height) = point, size
    sides = [x + _ASIDE, x - _ASIDE - width]
    if leftwards:
        sides.reverse()
    for ring in range(_RINGS):
        away = _ABOVE + ring * height / 2
        for bottom in (y + away, y - away - height):
            for given in sides:
                left = max(bounds.left, min(given, bounds.right - width))
                yield Box(left - _GAP, bottom - _GAP, left + width + _GAP, bottom + height + _GAP)


def _write(axes: Axes, point: tuple[float, float], place: Sequence[float], box: Box, label: str) -> Annotation:
    x, y = place
    left, bottom = box.left + _GAP, box.bottom + _GAP
    width, height = box.right - _GAP - left, box.top - _GAP - bottom
    near = -_ABOVE - height <= bottom - y <= _ABOVE
    start = (min(1.0, max(0.0, (x - left) / width)), 0.0 if bottom > y else 1.0)
    line = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.6, "shrinkA": 0, "shrinkB": _RADIUS, "relpos": start}
    written: Annotation = axes.annotate(
        label,
        point,
        xytext=(left - x, bottom - y),
        textcoords="offset points",
        ha="left",
        va="bottom",
        fontsize=_FONT_SIZE,
        arrowprops=None if near else line,
    )
    written.set_in_layout(False)
    return written
