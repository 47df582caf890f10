"""Byte ranges of RFC 9110: one range is served, several or odd ones get the whole."""

from __future__ import annotations

import re
from typing import Final

from persopt.server.problems import ProblemError

__all__ = ("read_range",)

_RANGE: Final = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*")


def read_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the first and the last byte that are asked for; None for the whole.

    Raises:
        ProblemError: with status 416 if the range begins behind the end.
    """
    match = None if header is None else _RANGE.fullmatch(header)
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first, last = int(match[1]), min(int(match[2] or size), size - 1)
        if match[2] and int(match[2]) < first:
            return None  # not a valid range, which a server ignores
    if first >= size or last < first:
        detail = f"the file has {size} bytes"
        raise ProblemError(416, "no-such-range", detail, {"Content-Range": f"bytes */{size}"})
    return first, last
