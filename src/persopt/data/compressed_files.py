"""Files that are small on the disk and huge in memory: Parquet and Arrow files are unpacked up to a limit.

A file of a few kilobytes can tell of terabytes (one long text in a dictionary, named by a thousand million rows). What
unpacks to more than 256 MiB and more than 100 times its size is taken for such a bomb, and nothing is unpacked into
more than half the memory that is free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

from persopt.domain.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ("check_arrow_file", "read_parquet")

_FREE_SIZE: Final = 256 << 20
_TIMES: Final = 100
_BATCH_ROWS: Final = 16_384
_LEAST_ROW_BYTES: Final = 1


def read_parquet(file: Path, path: str = "", most_rows: int | None = None) -> pa.Table:
    """Return the rows of a Parquet file, or about the first `most_rows` of them.

    Raises:
        DataError: if it cannot be read, or takes more memory than it may.
    """
    import pyarrow as pa
    from pyarrow import parquet

    most = _most_bytes(file)
    try:
        with parquet.ParquetFile(file) as opened:
            rows = opened.metadata.num_rows
            if most_rows is None and rows * _LEAST_ROW_BYTES > most:
                raise _refuse(file, most, path)
            # No value is longer than all values of its column in a group of rows, so no batch is larger than the limit.
            longest = max((_longest_value(opened.metadata, group) for group in range(opened.num_row_groups)), default=1)
            batch_rows = max(1, min(_BATCH_ROWS, most // longest))
            batches = []
            for batch in _take(opened.iter_batches(batch_size=batch_rows), file, most, path):
                batches.append(batch)
                if most_rows is not None and sum(one.num_rows for one in batches) >= most_rows:
                    break
            return pa.Table.from_batches(batches, opened.schema_arrow).combine_chunks()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{file} cannot be read as Parquet: {error}", path=path) from None


def check_arrow_file(file: Path, path: str = "") -> None:
    """Make sure that a file of a saved data set does not unpack into more memory than it may.

    Batches that are not compressed stay where they are on the disk; nothing of them is read.

    Raises:
        DataError: if it does.
    """
    import pyarrow as pa

    most = _most_bytes(file)
    try:
        with pa.memory_map(str(file)) as mapped, pa.ipc.open_stream(mapped) as stream:
            for _ in _take(stream, file, most, path):
                pass
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{file} cannot be read as Arrow: {error}", path=path) from None


def _take(batches: Iterable[Any], file: Path, most: int, path: str) -> Iterator[Any]:
    taken = 0
    for batch in batches:
        taken += batch.nbytes
        if taken > most:
            raise _refuse(file, most, path)
        yield batch


def _longest_value(metadata: Any, group: int) -> int:
    """Return the bytes of the largest column of a group of rows, unpacked."""
    row_group = metadata.row_group(group)
    return max((row_group.column(one).total_uncompressed_size for one in range(row_group.num_columns)), default=1) or 1


def _most_bytes(file: Path) -> int:
    return min(max(_FREE_SIZE, _TIMES * file.stat().st_size), psutil.virtual_memory().available // 2)


def _refuse(file: Path, most: int, path: str) -> DataError:
    size = file.stat().st_size
    return DataError(
        f"{file} has {size:,} bytes and unpacks to more than {most:,}, more than is taken into memory",
        path=path,
        hint="if it is no bomb, write it without compression or in parts, or give the machine more memory",
    )
