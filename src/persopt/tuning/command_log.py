"""The log of one trial of a command: everything that it printed, up to a limit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Self

__all__ = ("CommandLog",)

_TAIL_BYTES: Final = 1 << 16


class CommandLog:
    """Appends to a file as it is told. Use it as a context manager.

    Past the limit the log keeps the last 64 KiB (or a quarter of a small limit), writes them when it is closed, and
    says in both places what is left out.

    Args:
        path: The log.
        limit: Most bytes kept.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._tail_bytes = min(_TAIL_BYTES, limit // 4)
        self._room = limit - self._tail_bytes
        self._tail = bytearray()
        self._left_out = 0
        self._is_cut = False

    def __enter__(self) -> Self:
        """Open the file."""
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        return self

    def __exit__(self, *_: object) -> None:
        """Write the tail and close the file."""
        try:
            if self._is_cut:
                self._append(f"\n[persopt: {self._left_out:,} bytes are left out here]\n".encode())
                self._append(bytes(self._tail))
        finally:
            os.close(self._descriptor)

    def write(self, data: bytes) -> None:
        """Take what was printed.

        Raises:
            OSError: if the disk is full.
        """
        if not self._is_cut:
            head, data = data[: self._room], data[self._room :]
            self._append(head)
            self._room -= len(head)
            if not data:
                return
            self._is_cut = True
            self._append(
                f"\n[persopt: logLimit of {self._limit:,} bytes is reached; of what follows the last "
                f"{self._tail_bytes:,} bytes are written at the end]\n".encode()
            )
        self._tail += data
        if (beyond := len(self._tail) - self._tail_bytes) > 0:
            self._left_out += beyond
            del self._tail[:beyond]

    def _append(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._descriptor, data) :]
