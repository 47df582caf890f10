"""The studio's built page: where it lies, and how it gets there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ("BUILD_HINT", "find_page")

BUILD_HINT: Final = "`make studio` in the repository builds it"


def find_page() -> Path | None:
    """Return the folder of the built page; None until it is built."""
    folder = Path(__file__).parent / "static"
    return folder if (folder / "index.html").is_file() else None
