"""Saving a model with its tokenizer, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from persopt.domain.errors import OutputError
from persopt.models.quiet import quiet_transformers

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ("save_model",)


def save_model(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase | None, folder: Path | str) -> Path:
    """Write a checkpoint (safetensors) that `from_pretrained` loads, and return its folder.

    The folder takes its name only when everything in it is written to the disk; a process that dies before
    leaves at most a hidden `.NAME.*.part` beside it.

    Args:
        model: The model; stays where it is and as it is.
        tokenizer: Saved beside it, unless None.
        folder: New, or empty.

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
        with quiet_transformers():
            model.save_pretrained(part)
            if tokenizer is not None:
                tokenizer.save_pretrained(part)
        _write_through(part)
        part.rename(target)
    except Exception as error:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
        # safetensors reports a full disk as an error of its own
        if isinstance(error, OSError) or type(error).__name__ == "SafetensorError":
            raise OutputError(f"the model cannot be written to {target}: {error}") from error
        raise
    return target


def _umask() -> int:
    # mkdtemp makes folders that only their owner may open; the result should be like any other new folder.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _write_through(folder: Path) -> None:
    for item in [*folder.rglob("*"), folder]:
        handle = os.open(item, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):  # not every file system syncs folders
                os.fsync(handle)
        finally:
            os.close(handle)
