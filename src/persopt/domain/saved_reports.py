"""What every report of finished work can do: become plain data, and a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

__all__ = ("SavedReport",)


class SavedReport(Struct, frozen=True, kw_only=True, rename="camel"):
    """The base of all reports."""

    def to_builtins(self) -> dict[str, Any]:
        """Return the report as plain data with camelCase names."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    def save(self, path: Path) -> None:
        """Write the report as JSON, whole or not at all."""
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2))
        temporary.replace(path)
