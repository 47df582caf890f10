"""How much room a checkpoint takes."""

from __future__ import annotations

from pathlib import Path

__all__ = ("measure_size",)


def measure_size(folder: Path) -> int:
    """Return the bytes of all files in a folder and below it."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
