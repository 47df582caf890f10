from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from persopt.reporting.figures import ACCENT, embed_svg, render_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(figure: Figure) -> None:
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=ACCENT)
    axes.set_title("عنوان $1 <b>")


def test_a_figure_is_standalone_and_its_text_stays_text() -> None:
    svg = render_svg(draw, width=3, height=2, title="<title> & more", language="fa")
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own file
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "fa"
    assert "عنوان $1 <b>" in [
        "".join(node.itertext()).strip() for node in root.iter("{http://www.w3.org/2000/svg}text")
    ]
    assert render_svg(draw, width=3, height=2, title="<title> & more", language="fa") == svg


def test_a_figure_in_a_page_has_the_pages_colours_and_its_own_ids() -> None:
    svg = render_svg(draw, width=3, height=2, title="t")
    embedded = str(embed_svg(svg, "history", 'the "label"'))
    assert embedded.startswith('<svg role="img" aria-label="the &#34;label&#34;" ')
    assert "<style" not in embedded
    assert "<metadata" not in embedded
    assert ACCENT in svg
    assert ACCENT not in embedded
    assert "var(--accent)" in embedded
    root = ElementTree.fromstring(embedded)  # noqa: S314 - our own file
    ids = [node.get("id") for node in root.iter() if node.get("id")]
    assert ids
    assert all(found is not None and found.startswith("history-") for found in ids)
    for node in root.iter():
        for name, value in node.attrib.items():
            if name.endswith("href"):
                assert value.removeprefix("#") in ids
            if "url(#" in value:
                assert value.partition("url(#")[2].partition(")")[0] in ids
