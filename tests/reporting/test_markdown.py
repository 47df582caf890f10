"""Markdown, read by a parser of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from persopt.reporting.markdown import escape_markdown, render_table
from persopt.reporting.tables import Cell, Table

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
TEXTS = st.text(st.sampled_from("ab1 |\\`*_{}[]()<>#+-.!~&:;/\"'=\n\u202e\u2066سلام"), max_size=24)


def shown(markdown: str) -> list[str]:
    """Return the text of each block; nothing in it may be more than text."""
    found = []
    for token in PARSER.parse(markdown):
        if token.type == "inline":
            children = token.children or []
            assert {child.type for child in children} <= {"text", "text_special"}
            found.append("".join(child.content for child in children))
    return found


def plain(text: str) -> str:
    return " ".join(text.split()).replace("\u202e", "").replace("\u2066", "")


@given(texts=st.lists(TEXTS, min_size=2, max_size=2))
def test_any_text_is_one_cell_and_stays_text(texts: list[str]) -> None:
    table = Table(name="t", title="t", heads=[Cell("a"), Cell("b", kind="number")], rows=[[*map(_name, texts)]])
    assert [text.strip() for text in shown(render_table(table))] == ["a", "b", *(plain(text) for text in texts)]


def _name(text: str) -> Cell:
    return Cell(text, kind="name")


def test_notes_stand_in_parentheses_and_rows_that_stand_out_are_bold() -> None:
    rows = [[Cell("x", kind="name"), Cell("1", "0 to 2", "number")], [Cell("y"), Cell("2")]]
    table = Table(name="t", title="t", heads=[Cell("a"), Cell("b", kind="number")], rows=rows, marked=frozenset({1}))
    assert render_table(table) == "| a | b |\n| :--- | ---: |\n| x | 1 (0 to 2) |\n| **y** | **2** |\n"


def test_an_address_is_no_link_and_the_isolates_of_our_own_numbers_stay() -> None:
    assert "http://" not in escape_markdown("see http://x.example")
    assert escape_markdown("\u2066−۱\u2069", own=True) == "\u2066−۱\u2069"
