from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from persopt.reporting.bars import render_bars


def texts_of(svg: str) -> list[str]:
    return [text for one in ElementTree.fromstring(svg).iter() if (text := (one.text or "").strip())]  # noqa: S314 - ours


def test_each_bar_has_its_name_from_the_top_down() -> None:
    svg = render_bars(["first", "second"], lambda axes: axes.barh([0, 1], [3, 2]), title="مدل", otherwise="Bars")
    names = [text for text in texts_of(svg) if text in ("first", "second")]
    heights = [float(one.attrib["y"]) for one in _texts(svg) if one.text in ("first", "second")]
    assert sorted(names) == ["first", "second"]
    assert heights == sorted(heights)
    assert "مدل" in texts_of(svg)


def test_names_that_are_too_many_to_be_read_are_left_out() -> None:
    names = [f"layer {number}" for number in range(161)]
    shown = texts_of(render_bars(names, lambda axes: axes.barh(range(161), range(161)), title="", otherwise="Bars"))
    assert not set(names) & set(shown)


def _texts(svg: str) -> list[Any]:
    return [one for one in ElementTree.fromstring(svg).iter() if one.tag.endswith("text")]  # noqa: S314 - ours
