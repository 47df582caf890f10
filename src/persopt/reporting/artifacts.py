"""Files that a run leaves beside its report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from persopt.domain.errors import OutputError

__all__ = ("write_texts",)


def write_texts(folder: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """Write texts as files, each whole or not at all, and return their absolute paths by name.

    Raises:
        OutputError: if one cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            part = folder / f".{name}.part"
            part.write_text(text, "utf-8", newline="")
            part.replace(folder / name)
    except OSError as error:
        raise OutputError(f"the results cannot be written to {folder}: {error}") from error
    return {name: str((folder / name).absolute()) for name in texts}
