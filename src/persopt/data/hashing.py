"""Hashes of contents, for keys of caches and for records of what was used. Not for secrets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import xxhash

__all__ = ("hash_files", "hash_text")


def hash_files(files: Iterable[Path], salt: str = "") -> str:
    """Return 32 hexadecimal digits that change when any file's content, or their order, changes."""
    state = xxhash.xxh3_128(salt.encode())
    for file in files:
        with file.open("rb") as stream:
            state.update(hashlib.file_digest(stream, xxhash.xxh3_128).digest())
    return str(state.hexdigest())


def hash_text(text: str) -> str:
    """Return 32 hexadecimal digits of a text."""
    return str(xxhash.xxh3_128_hexdigest(text.encode()))
