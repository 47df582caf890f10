"""Paths that come over HTTP: each must lie inside the allowed roots, after every link in it was followed."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Final

from persopt.domain.errors import Fault, InputError
from persopt.settings import Settings

__all__ = ("PathGuard", "safe_join")

_LONGEST: Final = 4096
_HUB_ID: Final = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
# What persopt itself keeps in the workspace: secrets, the database, what other jobs are writing.
_OWN: Final = ("nats", "cache")


class PathGuard:
    """Turns what a client wrote into an absolute path inside the workspace or an allowed root.

    A relative path begins at the workspace, or for models and data sets also in its folder of that kind, wherever
    the server was started. A message never tells whether something outside exists.

    Args:
        settings: Name the workspace and the allowed roots.
    """

    def __init__(self, settings: Settings) -> None:
        self._workspace = settings.workspace.resolve()
        self._roots = tuple(Path(root).expanduser().resolve() for root in settings.allowed_roots)

    def check_input(self, given: str, path: str, kind: str) -> str:
        """Return the absolute path of a model or a data set, or an id of the hub, or of a job, as it is.

        Args:
            given: What the client wrote; empty stays empty.
            path: JSON path of the field.
            kind: The folder of the workspace that it may also lie in: `models` or `datasets`.

        Raises:
            InputError: if it lies outside, or cannot be a path.
        """
        if not given.strip():
            return given
        place = self._read(given, path)
        if place.is_absolute():
            return str(self._inside(place, given, path))
        found = [self._inside(base / place, given, path) for base in (self._workspace, self._workspace / kind)]
        there = next((item for item in found if item.exists()), None)
        if there is None and _HUB_ID.fullmatch(given) and ".." not in given and not given.startswith(f"{kind}/"):
            return given
        return str(there or found[0])

    def check_output(self, given: str, path: str) -> str:
        """Return the absolute path of a folder to write; nothing of the workspace but `models` and new folders.

        Raises:
            InputError: if it lies outside, or where persopt keeps its own things.
        """
        if not given.strip():
            return given
        place = self._inside(self._workspace / self._read(given, path), given, path)
        if place.is_relative_to(self._workspace):
            parts = place.relative_to(self._workspace).parts
            if not parts or parts[0] in ("jobs", "datasets") or parts == ("models",):
                raise _refuse(given, path, "is a folder of persopt's own; expected one such as models/NAME")
        elif place in self._roots:
            raise _refuse(given, path, "is an allowed root itself; expected a folder inside it")
        return str(place)

    def _inside(self, place: Path, given: str, path: str) -> Path:
        try:
            real = place.resolve()
            real.exists()  # raises for a name that no file can have
        except (OSError, ValueError, RuntimeError):
            raise _refuse(given, path, "cannot be a path") from None
        if real.is_relative_to(self._workspace):
            if self._is_own(real):
                raise _refuse(given, path, "is persopt's own")
            return real
        if any(real.is_relative_to(root) for root in self._roots):
            return real
        raise _refuse(given, path, "lies outside the workspace and the allowed roots")

    def _is_own(self, real: Path) -> bool:
        """Return whether persopt keeps it for itself: the database, the settings, secrets, what can be made again."""
        parts = real.relative_to(self._workspace).parts
        if not parts:
            return False
        if parts[0] in _OWN or parts[0].startswith("."):
            return True
        return len(parts) == 1 and (real.is_file() or parts[0].startswith(("persopt.", "http-tokens")))

    def _read(self, given: str, path: str) -> Path:
        if len(given) > _LONGEST or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in given):
            raise _refuse(given, path, f"expected at most {_LONGEST} characters, none of them a control character")
        if given.startswith("~"):
            raise _refuse(given, path, "expected a path in the workspace or an allowed root, not in a home folder")
        return Path(given)


def safe_join(folder: Path, name: str) -> Path | None:
    """Return the file of a name below a folder, None if there is none or it would lie outside, links followed."""
    if not name or len(name) > _LONGEST or "\0" in name or name.startswith("/") or "\\" in name:
        return None
    if any(part in ("", ".", "..") for part in name.split("/")):
        return None
    try:
        real = (folder / name).resolve()
        return real if real.is_relative_to(folder.resolve()) and real.is_file() else None
    except (OSError, ValueError, RuntimeError):
        return None


def _refuse(given: str, path: str, reason: str) -> InputError:
    return InputError(Fault(path=path, message=f"{reason}, got {given[:80]!r}", code="forbidden"))
