"""CoNLL-U, the format of the Universal Dependencies treebanks (https://universaldependencies.org/format.html)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from persopt.data.text import read_text
from persopt.domain.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ("is_token", "read_conllu")

_FIELDS: Final = 10
_NUMBER: Final = re.compile(r"\d+")
_SKIPPED: Final = re.compile(r"\d+[-.]\d+")  # a word of several tokens, and a token that is not written


def read_conllu(file: Path, path: str = "", most: int | None = None) -> pa.Table:
    """Read sentences as rows of two lists of strings of the same length: `tokens` (FORM) and `upos` (UPOS).

    Syntactic words are taken, not the words of several tokens that they make up. A word without a tag (`_`) has
    a null there. With `most`, only the sentences of the first so many bytes are read, the last perhaps not whole.

    Raises:
        DataError: if the file is not UTF-8, is empty, holds no sentence, or has a line of another form; names
            the line.
    """
    import pyarrow as pa

    tokens: list[list[str]] = []
    tags: list[list[str | None]] = []
    fresh = True
    for number, raw in enumerate(read_text(file, path, most).split("\n"), 1):
        line = raw.rstrip("\r")
        if not line.strip():
            fresh = True
            continue
        if not is_token(line):
            continue
        fields = line.split("\t")
        if len(fields) != _FIELDS or not _NUMBER.fullmatch(fields[0]):
            message = f"{file}, line {number}: expected 10 tab-separated fields that begin with a number"
            raise DataError(f"{message}, got {line[:60]!r}", path=path)
        if fresh:
            tokens.append([])
            tags.append([])
            fresh = False
        tokens[-1].append(fields[1])
        tags[-1].append(None if fields[3] == "_" else fields[3])
    if not tokens:
        raise DataError(f"{file} holds no sentence", path=path)
    strings = pa.list_(pa.string())
    return pa.table({"tokens": pa.array(tokens, strings), "upos": pa.array(tags, strings)})


def is_token(line: str) -> bool:
    """Return whether a line that is not blank stands for a word: no comment, no span of tokens, no empty node."""
    return not line.startswith("#") and _SKIPPED.fullmatch(line.partition("\t")[0]) is None
