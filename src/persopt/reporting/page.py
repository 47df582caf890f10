"""A page: a template inside the common frame, one file that needs nothing else and asks the network for nothing."""

from __future__ import annotations

from typing import Any

from persopt.reporting.locale import Locale

__all__ = ("render_page",)

FRAME = "persopt.reporting"


def render_page(package: str, template: str, locale: Locale, **context: Any) -> str:
    """Return a whole HTML document.

    The template extends `frame.html`, which brings the head with its policy (nothing is loaded, no script runs),
    the style, and the blocks `title`, `main` and `footer`. Every value is escaped unless it is `Markup`.

    Args:
        package: Where the template lies, in `templates/`.
        template: Its file name.
        locale: Given to the template as `locale`, with `t` for its `text`, `h` for its `html`.
        **context: What else the template shows.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(FRAME)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = {"locale": locale, "t": locale.text, "h": locale.html}
    return environment.get_template(template).render(**names, **context)
