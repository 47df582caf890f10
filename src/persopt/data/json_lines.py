"""JSON lines, and JSON files that hold one array of objects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from persopt.data.text import read_text
from persopt.domain.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ("is_array", "read_json")

_HEAD: Final = 4096  # bytes within which a file's first character is looked for


def read_json(file: Path, path: str = "", most: int | None = None) -> pa.Table:
    """Read objects as the rows of a table; a name that an object lacks is null there.

    Args:
        file: The file.
        path: JSON path of the field, for errors.
        most: Of JSON lines, read those of the first so many bytes only; None for all.

    Raises:
        DataError: if the file is not UTF-8, is empty, has a line that is not a JSON object, or has values of
            several kinds under one name; names the line.
    """
    import pyarrow as pa

    text = read_text(file, path, None if most is None or is_array(file) else most)
    numbered = _read_array(text, file, path) if text.lstrip().startswith("[") else _read_lines(text, file, path)
    rows = [row for _, row in numbered]
    names = dict.fromkeys(name for row in rows for name in row)
    columns: dict[str, Any] = {}
    for name in names:
        try:
            columns[name] = pa.array([row.get(name) for row in rows])
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            raise DataError(_explain(file, name, numbered), path=path) from None
    return pa.table(columns)


def is_array(file: Path) -> bool:
    """Return whether a JSON file begins as one array, which can only be read whole.

    Raises:
        OSError: if it cannot be read.
    """
    with file.open("rb") as opened:
        return opened.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")


def _read_lines(text: str, file: Path, path: str) -> list[tuple[str, dict[str, Any]]]:
    rows = []
    # Not splitlines(): JSON strings may hold U+2028 and its like.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"line {number}"
            rows.append((where, _decode(line, file, where, path)))
    return rows


def _read_array(text: str, file: Path, path: str) -> list[tuple[str, dict[str, Any]]]:
    try:
        items = msgspec.json.decode(text, type=list[msgspec.Raw])
    except msgspec.DecodeError as error:
        raise DataError(f"{file} is not valid JSON: {error}", path=path) from None
    places = [f"object {number}" for number in range(1, len(items) + 1)]
    return [(where, _decode(item, file, where, path)) for where, item in zip(places, items, strict=True)]


def _decode(item: str | msgspec.Raw, file: Path, where: str, path: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(item, type=dict[str, Any])
    except msgspec.ValidationError:
        message = f'{file}, {where}: expected a JSON object such as {{"text": "…", "label": "…"}}'
        raise DataError(message, path=path) from None
    except msgspec.DecodeError as error:
        raise DataError(f"{file}, {where}: not valid JSON: {error}", path=path) from None


def _explain(file: Path, name: str, rows: list[tuple[str, dict[str, Any]]]) -> str:
    kinds: dict[str, str] = {}
    for where, row in rows:
        if row.get(name) is not None:
            kinds.setdefault(type(row[name]).__name__, where)
    found = ", ".join(f"{kind} first at {where}" for kind, where in kinds.items())
    return f"{file}: the values of {name!r} are not all of one kind ({found})"
