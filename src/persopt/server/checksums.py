"""Checksums of files, remembered as long as the file stays what it is."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Final

__all__ = ("Checksums",)

_MOST: Final = 1000
_Key = tuple[str, int, int, int]


class Checksums:
    """SHA-256 of files; of the thousand that were asked for last each is computed once."""

    def __init__(self) -> None:
        self._known: OrderedDict[_Key, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def digest(self, path: Path) -> bytes:
        """Return the 32 bytes of the digest.

        Raises:
            OSError: if the file cannot be read.
        """
        facts = path.stat()
        key = (str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").digest()
        with self._lock:
            self._known[key] = found
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return found
