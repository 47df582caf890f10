"""One file where the user wants it, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from persopt.domain.errors import ConflictError, OutputError

__all__ = ("write_new_file",)


def write_new_file(path: Path, write: Callable[[Path], object], *, overwrite: bool) -> None:
    """Write a file whole or not at all, never in the place of another one that was not given up.

    Args:
        path: The file.
        write: Writes the path that it is given, which does not exist.
        overwrite: Take the place of a file that exists.

    Raises:
        ConflictError: if the file exists and is not to be overwritten.
        OutputError: if the file cannot be written.
    """
    path = path.expanduser().absolute()
    hint = "choose another name, or ask to overwrite it"
    if path.is_dir() or (path.exists() and not overwrite):
        raise ConflictError(f"{path} exists already", path="$.output", hint=hint)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            part = Path(folder) / "part"
            write(part)
            if overwrite:
                part.replace(path)
            else:
                _put(part, path)
    except FileExistsError:
        raise ConflictError(f"{path} exists already", path="$.output", hint=hint) from None
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}", path="$.output") from error


def _put(part: Path, path: Path) -> None:
    """Give a file its name without ever taking another's place, as a rename would."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: the name is reserved, then replaced
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        part.replace(path)
