"""Figures: drawn once as standalone SVG, and made ready to stand inside a page.

Matplotlib is loaded when the first one is drawn. No global state of it is used or left changed.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING, Any, Final

from persopt.domain.languages import Language

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

__all__ = ("ACCENT", "BEST", "INK", "MUTED", "SERIES", "embed_svg", "render_svg")

INK: Final = "#3a3f47"
ACCENT: Final = "#2f6fb7"
BEST: Final = "#c8553d"
MUTED: Final = "#9aa1ab"
_PAPER: Final = "#ffffff"
SERIES: Final = (ACCENT, BEST, "#3b8556", "#8659b5", "#a87a12", "#23828f")
"""Of several things in one figure, in their order."""

# Inside a page each colour is a variable, so that a figure is dark where the page is.
_VARIABLES: Final = {INK: "ink", ACCENT: "accent", BEST: "best", MUTED: "muted", _PAPER: "paper"} | {
    colour: f"series-{place}" for place, colour in enumerate(SERIES[2:], 3)
}
_SETTINGS: Final[dict[Any, Any]] = {
    # Text stays text: it can be searched, scaled and read aloud, and Persian is shaped by the viewer.
    "svg.fonttype": "none",
    # Ids in the file do not change from run to run.
    "svg.hashsalt": "persopt",
    "font.family": ["sans-serif"],
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
    "figure.facecolor": _PAPER,
    "grid.color": MUTED,
    "grid.alpha": 0.3,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign is a dollar sign
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": "small",
}
_FONTS: Final = "Vazirmatn, 'Segoe UI', Tahoma, 'Noto Sans Arabic', 'DejaVu Sans', system-ui, sans-serif"
_DOTS_PER_INCH: Final = 144  # of what is drawn as an image where there is too much of it for lines


def render_svg(
    draw: Callable[[Figure], None], *, width: float, height: float, title: str, language: Language = "en"
) -> str:
    """Return a figure as a standalone SVG file; the same drawing gives the same bytes.

    Args:
        draw: Draws into the figure.
        width: In inches.
        height: In inches.
        title: What it shows, for those who do not see it.
        language: Language of its texts.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # The font here may lack a script that the viewer's font has.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        file = StringIO()
        metadata = {"Date": None, "Creator": "persopt", "Title": title}
        figure.savefig(file, format="svg", metadata=metadata, dpi=_DOTS_PER_INCH)
    svg = file.getvalue()
    # A figure runs from left to right on every page; each text in it finds its own direction.
    style = f'<style type="text/css">text{{font-family:{_FONTS};direction:ltr;unicode-bidi:plaintext}}</style>'
    return svg.replace("<svg ", f'<svg xml:lang="{language}" ', 1).replace("<defs>", f"<defs>{style}", 1)


def embed_svg(svg: str, name: str, label: str) -> Markup:
    """Return a figure of `render_svg` for the inside of an HTML page: themed, its ids its own.

    Args:
        svg: The file.
        name: Put before every id.
        label: What it shows, for those who do not see it.
    """
    from markupsafe import Markup, escape

    body = svg[svg.index("<svg ") :]
    body = re.sub(r"<metadata>.*?</metadata>|<style .*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r'(\bid="|url\(#|xlink:href="#)', rf"\g<1>{name}-", body)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, f"var(--{variable})")
    return Markup(body.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1))  # noqa: S704 - our own
