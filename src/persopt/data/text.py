"""Text files: UTF-8, or an error that says what they are."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

from persopt.domain.errors import DataError

__all__ = ("read_text",)

_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SAMPLE: Final = 4000
_ARABIC: Final = range(0x600, 0x700)


def read_text(file: Path, path: str = "", most: int | None = None) -> str:
    """Return the text of a UTF-8 file, without its byte order mark if it has one.

    Args:
        file: The file.
        path: JSON path of the field, for errors.
        most: Read no more than so many bytes, and of these the whole lines; None for all.

    Raises:
        DataError: if the file cannot be opened, is empty or is not UTF-8; names the file, the byte, the encoding
            that it seems to have and what to do.
    """
    try:
        content = file.read_bytes() if most is None else _read_lines(file, most)
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}", path=path) from None
    if not content.strip():
        raise DataError(f"{file} is empty", path=path)
    if content.startswith(_UTF16):
        raise DataError(_explain(file, 0, "UTF-16"), path=path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(_explain(file, error.start, _guess(content, error.start)), path=path) from None
    position = text.find("\0")
    if position >= 0:
        raise DataError(_explain(file, len(text[:position].encode()), "UTF-16"), path=path)
    return text


def _read_lines(file: Path, most: int) -> bytes:
    with file.open("rb") as opened:
        content = opened.read(most)
        whole = content.rfind(b"\n") + 1
        return content if len(content) < most or not whole else content[:whole]


def _guess(content: bytes, start: int) -> str:
    """Return the encoding that bytes seem to have, looking at those from the first that is not UTF-8."""
    if b"\0" in content[: start + _SAMPLE]:
        return "UTF-16"
    sample = content[start : start + _SAMPLE]
    high = [byte for byte in sample if byte >= 0x80]  # noqa: PLR2004 - the end of ASCII
    arabic = sum(ord(letter) in _ARABIC for letter in bytes(high).decode("cp1256", "replace"))
    return "cp1256" if arabic > len(high) // 2 else "cp1252"


def _explain(file: Path, position: int, encoding: str) -> str:
    known = {"cp1256": "Windows-1256 (cp1256)", "cp1252": "Windows-1252 (cp1252)"}
    return (
        f"{file} is not UTF-8 (byte {position:,}); it looks like {known.get(encoding, encoding)}; convert it: "
        f"`iconv -f {encoding.upper()} -t UTF-8 {file.name} > new{file.suffix}`"
    )
