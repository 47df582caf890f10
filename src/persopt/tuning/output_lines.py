"""From the bytes that a program prints to the lines that parsers read."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final

__all__ = ("LONGEST_LINE", "LineSplitter", "clean_line")

LONGEST_LINE: Final = 10_000
"""Characters of a line that are read; what is beyond is in the log only."""

# CSI (colours, the cursor), OSC (titles, links), and the two-character sequences of ECMA-48.
_TERMINAL_CODE: Final = re.compile(r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b]*+(?:\x07|\x1b\\)?|[@-Z\\^_])")


class LineSplitter:
    """Cuts output into lines at every line feed and carriage return, with which progress bars are drawn anew.

    Bytes that are no UTF-8 become U+FFFD; lines that are empty are left out, terminal codes taken out. Memory stays
    bounded whatever is printed.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, data: bytes) -> Iterator[str]:
        """Give the lines that are whole now."""
        yield from self._cut(self._decoder.decode(data))

    def close(self) -> Iterator[str]:
        """Give the line that was not ended."""
        yield from self._cut(self._decoder.decode(b"", final=True) + "\n")

    def _cut(self, text: str) -> Iterator[str]:
        *lines, rest = (self._rest + text).replace("\r", "\n").split("\n")
        self._rest = rest[:LONGEST_LINE]
        for line in lines:
            if cleaned := clean_line(line[:LONGEST_LINE]):
                yield cleaned


def clean_line(line: str) -> str:
    """Return a line without terminal codes, backspaces and the blanks at its end."""
    if "\x1b" in line:
        line = _TERMINAL_CODE.sub("", line)
    return line.replace("\b", "").rstrip()
