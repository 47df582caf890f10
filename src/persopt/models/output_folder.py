"""Whether a model can be written where the user wants it, found out before anything runs; and why it could not."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from persopt.domain.errors import Fault

__all__ = ("check_disk_space", "check_output_folder", "explain_os_error")

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_GIGABYTE: Final = 10**9


def check_output_folder(folder: Path, inputs: Iterable[Path] = (), path: str = "$.outputDir") -> Iterator[Fault]:
    """Give the faults of an output folder; it must be new or empty, writable, and no part of the inputs.

    Nothing is left behind: writing is tried with a folder that is deleted at once.

    Args:
        folder: Absolute path of the folder.
        inputs: Files and folders that the job reads.
        path: JSON path of the field, for the faults.
    """
    for given in inputs:
        place = folder.resolve()
        if given.resolve() in (place, *place.parents):
            yield Fault(path=path, message=f"lies inside {given}, which the job reads; got {folder}", code="output")
            return
    if folder.is_symlink() and not folder.exists():
        yield Fault(path=path, message=f"{folder} is a link that leads nowhere", code="output")
        return
    if os.path.ismount(folder):
        yield Fault(path=path, message=f"{folder} is a mount point; give a folder inside it", code="output")
        return
    if folder.exists() and not folder.is_dir():
        yield Fault(path=path, message=f"{folder} is a file; expected a folder that is new or empty", code="output")
        return
    try:
        if folder.is_dir() and any(folder.iterdir()):
            yield Fault(path=path, message=f"{folder} is in use: it must be new or empty", code="output")
            return
        with tempfile.TemporaryDirectory(prefix=".persopt-", dir=_nearest(folder.parent)):
            pass
    except OSError as error:
        yield Fault(path=path, message=f"{folder} cannot be written: {error.strerror}", code="output")


def check_disk_space(folder: Path, needed: int, path: str = "$.outputDir") -> Iterator[Fault]:
    """Give a fault if fewer bytes are free where a folder is, or will be, than are needed."""
    free = shutil.disk_usage(_nearest(folder)).free
    if free < needed:
        yield Fault(
            path=path,
            message=f"the models need about {_size(needed)}, and {_size(free)} are free at {folder}",
            code="output",
            hint="make room, or choose another place",
        )


def explain_os_error(error: BaseException) -> str:
    """Say in a few words why a file or a folder tree could not be written."""
    if not isinstance(error, OSError):  # of safetensors, which tells it in words only
        return "the disk is full" if "No space left" in str(error) else str(error)
    if isinstance(error, shutil.Error):  # copytree's list of (from, to, words), which has lost the numbers
        reasons = [words for _, _, words in error.args[0]]
        full = any(os.strerror(number) in words for number in _FULL for words in reasons)
        return "the disk is full" if full else reasons[0]
    return "the disk is full" if error.errno in _FULL else error.strerror or str(error)


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= _GIGABYTE else f"{count / 1e6:,.1f} MB"


def _nearest(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())
