"""Which addresses have a message already, while others do not: so that a restart repeats it to nobody."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import msgspec

__all__ = ("Delivered",)

_MOST: Final = 1000


class Delivered:
    """Messages that are not with everybody yet, by their event's id, with the addresses that have them.

    Args:
        path: The file; addresses stand in it as digests, for they hold secrets.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._known = msgspec.json.decode(path.read_bytes(), type=dict[str, list[str]])
        except (OSError, msgspec.DecodeError):
            self._known = {}

    def has(self, event: str, address: str) -> bool:
        """Return whether an address has the message."""
        return _digest(address) in self._known.get(event, ())

    def add(self, event: str, address: str) -> None:
        """Remember that an address has the message.

        Raises:
            OSError: if the file cannot be written.
        """
        self._known.setdefault(event, []).append(_digest(address))
        while len(self._known) > _MOST:
            del self._known[next(iter(self._known))]
        self._write()

    def forget(self, event: str) -> None:
        """Forget a message that is with everybody, or given up."""
        if self._known.pop(event, None) is not None:
            self._write()

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_name(f".{self._path.name}.part")
        part.write_bytes(msgspec.json.encode(self._known))
        part.replace(self._path)


def _digest(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:32]
