from __future__ import annotations

from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from persopt.reporting.figures import render_svg
from persopt.reporting.point_labels import Box, find_places, label_points

BOUNDS = Box(0.0, 0.0, 200.0, 150.0)
places = st.tuples(st.floats(0, 200), st.floats(0, 150))
sizes = st.tuples(st.floats(1, 260), st.floats(6, 14))


@given(st.lists(st.tuples(places, sizes), max_size=14))
def test_no_two_labels_overlap_wherever_the_points_are(labelled: list[tuple[Any, Any]]) -> None:
    boxes = find_places([point for point, _ in labelled], [size for _, size in labelled], BOUNDS)
    assert len(boxes) == len(labelled)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_where_there_is_room_labels_stay_beside_their_points_and_inside() -> None:
    points = [(20.0, 20.0), (180.0, 20.0), (100.0, 120.0)]
    boxes = find_places(points, [(40.0, 9.0)] * 3, BOUNDS)
    for (x, y), box in zip(points, boxes, strict=True):
        assert abs(box.bottom - y) < 9
        assert min(abs(box.left - x), abs(box.right - x)) < 9
        assert BOUNDS.left <= box.left < box.right <= BOUNDS.right


def test_labels_of_models_that_are_close_are_drawn_apart_and_the_moved_ones_have_a_line() -> None:
    """By the boxes of the texts as Matplotlib draws them; the last point lies far from the others."""
    from matplotlib.text import Text

    points = [(1.0 + place / 1000, 0.9 + place / 10000) for place in range(8)] + [(3.0, 0.8)]
    drawn: list[Any] = []

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.scatter(*zip(*points, strict=True))
        axes.margins(0.15)
        drawn.extend(label_points(axes, points, [f"a model of some name, {place}" for place in range(len(points))]))

    svg = render_svg(draw, width=4.5, height=4.0, title="Points")
    extents = [Text.get_window_extent(text) for text in drawn]
    assert not any(one.overlaps(other) for one, other in combinations(extents, 2))
    assert [text.get_text() for text in drawn] == [f"a model of some name, {place}" for place in range(9)]
    assert all(f">a model of some name, {place}<" in svg for place in range(9))
    assert drawn[-1].arrow_patch is None
    assert sum(text.arrow_patch is not None for text in drawn) >= 5
