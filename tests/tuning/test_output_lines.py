from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.tuning.output_lines import LONGEST_LINE, LineSplitter, clean_line


def split(*chunks: bytes) -> list[str]:
    splitter = LineSplitter()
    return [line for chunk in chunks for line in splitter.feed(chunk)] + list(splitter.close())


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"one\ntwo\r\nthree\rfour", ["one", "two", "three", "four"]),
        (b"\r 10%\r 20%\b\b\b\b\r\n\n", [" 10%", " 20%"]),
        (b"\x1b[1m3/3\x1b[0m \x1b[32mok\x1b[0m\x1b[A", ["3/3 ok"]),
        (b"\x1b]0;a title\x07text \x1b]8;;http://x\x1b\\link", ["text link"]),
        ("دقت\xa0".encode(), ["دقت"]),
        (b"loss=\xff0.5", ["loss=\ufffd0.5"]),
        (b"", []),
    ],
)
def test_output_becomes_lines(data: bytes, lines: list[str]) -> None:
    assert split(data) == lines


@given(data=st.binary(max_size=60) | st.text("a\r\n\x1b[1m\u06f1", max_size=40).map(str.encode), cut=st.integers(0, 60))
def test_where_the_output_is_cut_makes_no_difference(data: bytes, cut: int) -> None:
    assert split(data[:cut], data[cut:]) == split(data)


def test_a_line_without_end_takes_bounded_memory_and_the_next_is_whole() -> None:
    splitter = LineSplitter()
    for _ in range(100):
        assert list(splitter.feed(b"x" * 5000)) == []
    assert list(splitter.feed(b"\nnext\n")) == ["x" * LONGEST_LINE, "next"]


@given(st.text())
def test_cleaning_leaves_no_terminal_code_of_the_usual_kind(line: str) -> None:
    assert clean_line(f"\x1b[31m{line.replace(chr(27), '')}\x1b[0m") == clean_line(line.replace(chr(27), ""))
