"""How many rows a file has, counted without holding it in memory where its format allows that."""

from __future__ import annotations

from pathlib import Path

import msgspec

from persopt.data.conllu import is_token
from persopt.data.delimited import count_delimited
from persopt.data.files import SUFFIXES
from persopt.data.json_lines import is_array
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec

__all__ = ("count_rows",)


def count_rows(file: Path, data: DataSpec, path: str = "") -> int:
    """Return the number of rows that `read_dataset` makes of a file.

    Parquet tells it; everything else is read piece by piece, but for JSON files that hold one array.

    Args:
        file: A file of a known format.
        data: Names the columns of files without a header line.
        path: JSON path of the field, for errors.

    Raises:
        DataError: if it cannot be read.
    """
    kind = SUFFIXES[file.suffix.lower()]
    try:
        if kind == "delimited":
            return count_delimited(file, data.columns, path)
        if kind == "parquet":
            return _count_parquet(file, path)
        if kind == "json" and is_array(file):
            return len(msgspec.json.decode(file.read_bytes(), type=list[msgspec.Raw]))
        if kind == "json":
            with file.open("rb") as lines:
                return sum(1 for line in lines if line.strip())
        return _count_sentences(file) if kind == "conllu" else _count_documents(file)
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"the rows of {file} cannot be counted: {error}", path=path) from None


def _count_parquet(file: Path, path: str) -> int:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return int(parquet.read_metadata(file).num_rows)
    except pa.ArrowException as error:
        raise DataError(f"{file} cannot be read as Parquet: {error}", path=path) from None


def _count_sentences(file: Path) -> int:
    count, fresh = 0, True
    with file.open(encoding="utf-8", errors="replace", newline="\n") as lines:
        for line in lines:
            if not line.strip():
                fresh = True
            elif fresh and is_token(line):
                count, fresh = count + 1, False
    return count


def _count_documents(file: Path) -> int:
    """Count what stands between blank lines; where there are none, the lines."""
    documents = filled = 0
    fresh = True
    with file.open("rb") as lines:
        for line in lines:
            if not line.strip():
                fresh = True
                continue
            documents, filled, fresh = documents + fresh, filled + 1, False
    return documents if documents > 1 else filled
