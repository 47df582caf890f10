"""CSV and TSV files, whatever their suffix says."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.data.text import read_text
from persopt.domain.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ("count_delimited", "read_delimited")

_SAMPLE: Final = 1 << 16  # characters looked at to find the delimiter
_BLOCK: Final = 1 << 22  # bytes read at once where rows are only counted
_DELIMITERS: Final = {".tsv": "\t,;", ".tab": "\t,;"}
_NAMES: Final = {"\t": "tab", ",": "comma", ";": "semicolon"}


def read_delimited(file: Path, columns: Sequence[str] = (), path: str = "", most: int | None = None) -> pa.Table:
    r"""Read a file of delimited values as a table of strings.

    The delimiter (comma, tab or semicolon) is the one by which the first records are most alike, so a `.csv`
    that is separated by tabs is read as such. Quotes are taken as quotes, unless the file is separated by tabs,
    needs none and has an unpaired one. Values are kept as they are written: `007` stays `007`.

    Args:
        file: The file.
        columns: Names of the columns, for a file without a header line; a first line that is the same as these
            names is taken for a header.
        path: JSON path of the field, for errors.
        most: Read the rows of the first so many bytes only; None for all.

    Raises:
        DataError: if the file is not UTF-8, is empty, names a column twice, or has a row with another number
            of fields.
    """
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    text = read_text(file, path, most)
    if most is not None and most < file.stat().st_size:
        text = _cut_open_record(text)
    content = text.encode()
    form = _Form(text, file, columns, path)
    try:
        return pa_csv.read_csv(pa.BufferReader(content), **form.options(len(content) + 1, form.names))
    except pa.ArrowInvalid as error:
        raise DataError(_explain(file, form.delimiter, form.wrong, error), path=path) from None


def count_delimited(file: Path, columns: Sequence[str] = (), path: str = "") -> int:
    """Return the number of rows of a file, which is read piece by piece.

    Args:
        file: The file.
        columns: As for `read_delimited`.
        path: JSON path of the field, for errors.

    Raises:
        DataError: if a row has another number of fields, or cannot be read.
    """
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    form = _Form(_cut_open_record(read_text(file, path, _SAMPLE * 4)), file, columns, path)
    try:
        with pa_csv.open_csv(file, **form.options(_BLOCK, form.names[:1])) as reader:
            return sum(batch.num_rows for batch in reader)
    except pa.ArrowInvalid as error:
        raise DataError(_explain(file, form.delimiter, form.wrong, error), path=path) from None


class _Form:
    """How a file is written: its delimiter, its quotes, the names of its columns."""

    def __init__(self, text: str, file: Path, columns: Sequence[str], path: str) -> None:
        self.delimiter = _find_delimiter(text, file.suffix.lower())
        self.quoted = self.delimiter != "\t" or _has_quotes(text)
        first = _first_record(text, self.delimiter, self.quoted, file, path)
        self.names = _name_columns(first, columns, file, path)
        self.has_header = not columns or first == list(columns)
        self.wrong: list[Any] = []

    def options(self, block: int, wanted: list[str]) -> dict[str, Any]:
        """Return the options of Arrow's readers; rows with another number of fields come into `wrong`."""
        import pyarrow as pa
        import pyarrow.csv as pa_csv

        return {
            "read_options": pa_csv.ReadOptions(
                use_threads=False,  # with threads, a wrong row has no number
                block_size=block,
                column_names=self.names,
                skip_rows_after_names=int(self.has_header),
            ),
            "parse_options": pa_csv.ParseOptions(
                delimiter=self.delimiter,
                quote_char='"' if self.quoted else False,
                newlines_in_values=self.quoted,
                invalid_row_handler=self._keep_row,
            ),
            "convert_options": pa_csv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.string()), include_columns=wanted
            ),
        }

    def _keep_row(self, row: Any) -> str:
        self.wrong.append(row)
        return "error"


def _cut_open_record(text: str) -> str:
    """Return a text without a last record whose quotes are not closed yet."""
    end, is_open = len(text), text.count('"') % 2
    while end > 0 and is_open:
        start = text.rfind("\n", 0, end - 1) + 1
        is_open = (is_open + text.count('"', start, end)) % 2
        end = start
    return text[:end] or text


def _find_delimiter(text: str, suffix: str) -> str:
    lines = text[:_SAMPLE].split("\n")
    if len(text) > _SAMPLE and len(lines) > 1:
        lines.pop()
    best, most = "", 0.0
    for delimiter in _DELIMITERS.get(suffix, ",\t;"):
        try:
            counts = [len(record) for record in csv.reader(lines, delimiter=delimiter) if record]
        except csv.Error:
            continue
        alike = sum(count == counts[0] for count in counts) / len(counts)
        if counts[0] > 1 and alike > most:
            best, most = delimiter, alike
    return best or _DELIMITERS.get(suffix, ",")[0]


def _has_quotes(text: str) -> bool:
    """Return whether the quotes of a tab-separated text are to be taken as such.

    They are not where every line has the same number of tabs, so that none is needed, and one is unpaired.
    """
    lines = [line.rstrip("\r").split("\t") for line in text.split("\n") if line.strip()]
    if any(len(fields) != len(lines[0]) for fields in lines):
        return True
    quoted = (field for fields in lines for field in fields if field.startswith('"'))
    return all(field != '"' and field.endswith('"') and '"' not in field[1:-1].replace('""', "") for field in quoted)


def _first_record(text: str, delimiter: str, quoted: bool, file: Path, path: str) -> list[str]:
    try:
        records = csv.reader(
            io.StringIO(text, newline=""), delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
        )
        return [field.strip() for field in next(record for record in records if record)]
    except (csv.Error, StopIteration) as error:
        raise DataError(f"{file} has no readable first line: {error}", path=path) from None


def _name_columns(first: list[str], columns: Sequence[str], file: Path, path: str) -> list[str]:
    if columns and len(columns) != len(first):
        message = f"names {len(columns)} columns, but {file} has {len(first)}: {', '.join(first)[:120]}"
        raise DataError(message, path="$.data.columns")
    names = list(columns) or [name or f"column {number}" for number, name in enumerate(first, 1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        hint = "if its first line is no header, name the columns with data.columns"
        raise DataError(f"{file} has several columns named {twice[0]!r}", path=path, hint=hint)
    return names


def _explain(file: Path, delimiter: str, wrong: list[Any], error: Exception) -> str:
    if not wrong:
        return f"{file} cannot be read as {_NAMES[delimiter]}-separated values: {error}"
    row = wrong[0]
    shown = row.text if len(row.text) <= 80 else f"{row.text[:80]}…"  # noqa: PLR2004 - fits a line
    return (
        f"{file}, row {row.number}: {row.actual_columns} {_NAMES[delimiter]}-separated fields where the first row "
        f"has {row.expected_columns}: {shown!r}; quote fields that hold a {_NAMES[delimiter]}"
    )
