"""A folder that takes its name only when everything in it is written."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from persopt.domain.errors import OutputError

__all__ = ("make_new_folder", "write_through")


@contextlib.contextmanager
def make_new_folder(folder: Path | str) -> Iterator[Path]:
    """Give a folder to fill, which takes its final name when the block has ended and all is on the disk.

    A block that raises leaves nothing; a process that dies before leaves at most a hidden `.NAME.*.part` beside it.

    Args:
        folder: The final folder: new, or empty.

    Raises:
        OutputError: if the folder holds something already, cannot be written, or the disk is full.
    """
    target = Path(folder).absolute()
    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise OutputError(f"{target} is not empty; give a folder that is new or empty")
    part: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
        part.chmod(0o777 & ~_umask())
        yield part
        write_through(part)
        part.rename(target)
    except BaseException as error:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, OutputError):
            raise
        # safetensors reports a full disk as an error of its own
        if isinstance(error, OSError) or type(error).__name__ == "SafetensorError":
            raise OutputError(f"the model cannot be written to {target}: {error}") from error
        raise


def _umask() -> int:
    # mkdtemp makes folders that only their owner may open; the result should be like any other new folder.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def write_through(folder: Path) -> None:
    """Have everything in a folder written to the disk, so that its name does not outlive a power cut without it."""
    for item in [*folder.rglob("*"), folder]:
        handle = os.open(item, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):  # not every file system syncs folders
                os.fsync(handle)
        finally:
            os.close(handle)
