"""The values of a row as a person looks at them: short, and nothing but what JSON knows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

__all__ = ("plain_row",)

_LONGEST: Final = 300  # characters of a text
_MOST: Final = 50  # items of a list


def plain_row(row: Mapping[str, Any], names: Mapping[str, Sequence[str] | None]) -> tuple[dict[str, Any], list[str]]:
    """Return the values of a row, long ones cut, and the columns that were cut.

    Args:
        row: By column, as Arrow gives them.
        names: Of columns whose numbers stand for classes, the names of these.
    """
    values: dict[str, Any] = {}
    cut: list[str] = []
    for column, value in row.items():
        values[column], is_cut = _plain(value, names.get(column))
        if is_cut:
            cut.append(column)
    return values, cut


def _plain(value: Any, names: Sequence[str] | None) -> tuple[Any, bool]:
    if isinstance(value, str):
        return (f"{value[:_LONGEST]}…", True) if len(value) > _LONGEST else (value, False)
    if isinstance(value, list | tuple):
        items = [_plain(item, names) for item in value[:_MOST]]
        return [item for item, _ in items], len(value) > _MOST or any(is_cut for _, is_cut in items)
    if isinstance(value, dict):
        if set(value) == {"bytes", "path"}:
            return _describe_file(value), False
        inner = {str(key): _plain(item, None) for key, item in value.items()}
        return {key: item for key, (item, _) in inner.items()}, any(is_cut for _, is_cut in inner.values())
    return _plain_scalar(value, names), False


def _plain_scalar(value: Any, names: Sequence[str] | None) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return names[value] if names and 0 <= value < len(names) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return f"{len(value)} bytes" if isinstance(value, bytes) else str(value)


def _describe_file(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the name of an image's file, without its folder, and its bytes if they stand in the data."""
    path, content = value["path"], value["bytes"]
    return {
        "path": PurePath(path).name if isinstance(path, str) else None,
        "bytes": len(content) if isinstance(content, bytes) else None,
    }
