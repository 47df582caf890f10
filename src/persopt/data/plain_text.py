"""Plain text files: documents for language modelling."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from persopt.data.text import read_text

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ("read_plain_text",)

_BLANK_LINES: Final = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")


def read_plain_text(file: Path, path: str = "", most: int | None = None) -> pa.Table:
    """Return the documents of a file as rows of a column `text`.

    Documents are what stands between blank lines; in a file without blank lines each line is one. With `most`, only
    those of the first so many bytes are read, the last perhaps not whole.

    Raises:
        DataError: if the file cannot be opened, is empty or is not UTF-8.
    """
    import pyarrow as pa

    text = read_text(file, path, most).replace("\r\n", "\n").strip()
    parts = _BLANK_LINES.split(text)
    documents = parts if len(parts) > 1 else text.split("\n")
    return pa.table({"text": pa.array([part.strip("\n") for part in documents if part.strip()], pa.string())})
