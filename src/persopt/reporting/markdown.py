"""Markdown as GitHub and the Hub read it."""

from __future__ import annotations

import re
from typing import Final

from persopt.reporting.tables import Cell, Table

__all__ = ("escape_markdown", "render_table")

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|~#!@$])")
# Marks that set a direction: they would reach beyond the name that they stand in.
_DIRECTIONS: Final = dict.fromkeys([*range(0x202A, 0x202F), 0x200E, 0x200F])
_ISOLATES: Final = dict.fromkeys(range(0x2066, 0x206A))


def escape_markdown(text: str, *, own: bool = False) -> str:
    """Return a text that shows as it is, on one line: no markup, no HTML, no cell of its own.

    Args:
        text: In any script.
        own: It is of persopt, so that its isolates are in order; else they are left out.
    """
    plain = " ".join(text.split()).translate(_DIRECTIONS)
    if not own:
        plain = plain.translate(_ISOLATES)
    # An address would become a link.
    plain = re.sub(r"(?i)\b(https?|ftp|mailto|www)([:.])", "\\1\u2060\\2", plain.replace("&", "&amp;"))
    return _SPECIAL.sub(r"\\\1", plain)


def render_table(table: Table) -> str:
    """Return a table of GitHub's, with its notes above and without its title; the rows that stand out are bold."""
    lines = [escape_markdown(note, own=True) + "\n" for note in table.notes]
    lines.append(_join([_show(head) for head in table.heads]))
    lines.append(_join(["---:" if head.kind == "number" else ":---" for head in table.heads]))
    for place, row in enumerate(table.rows):
        cells = [_show(cell) for cell in row]
        lines.append(_join([f"**{cell}**" if place in table.marked and cell else cell for cell in cells]))
    return "\n".join(lines) + "\n"


def _show(cell: Cell) -> str:
    own = cell.kind in ("text", "number")
    text = escape_markdown(cell.text, own=own)
    return f"{text} ({escape_markdown(cell.note, own=own)})" if cell.note else text


def _join(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
