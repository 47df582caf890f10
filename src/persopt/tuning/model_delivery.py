"""Moving the best model to where the user wants it, whole or not at all, also across a crash."""

from __future__ import annotations

import errno
import filecmp
import shutil
from pathlib import Path

from persopt.domain.errors import OutputError
from persopt.models.output_folder import explain_os_error

__all__ = ("deliver_model", "explain_os_error")


def deliver_model(checkpoint: Path, target: Path) -> Path:
    """Move a checkpoint's folder to its final place and return that place.

    May be called again after a crash at any moment, also when the checkpoint has already been moved: the final
    folder never holds half a model.

    Args:
        checkpoint: Folder of the trained model; gone afterwards.
        target: The final folder: new, empty, or holding this same model.

    Raises:
        OutputError: if the target is in use by something else or cannot be written, or the disk is full; the
            checkpoint is then still where it was.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        if checkpoint.is_dir():
            if _same_files(checkpoint, target):
                _discard(checkpoint)
                return target
            _check_free(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(part, ignore_errors=True)
            _move(checkpoint, part, target)
        elif part.is_dir():
            _check_free(target)
            part.replace(target)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        if checkpoint.is_dir():
            shutil.rmtree(part, ignore_errors=True)  # half a copy
        reason = explain_os_error(error)
        raise OutputError(
            f"the best model cannot be written to {target}: {reason}",
            path="$.outputDir",
            hint=f"it lies in {checkpoint}; make room or another folder and resume the job",
        ) from error
    if not _is_filled(target):
        raise OutputError(f"the best model is gone: neither {checkpoint} nor {target} holds it", path="$.outputDir")
    return target


def _move(checkpoint: Path, part: Path, target: Path) -> None:
    """Move by renaming; over the border of a file system by copying, the original deleted last."""
    try:
        checkpoint.rename(part)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copytree(checkpoint, part)
    try:
        part.replace(target)
    except OSError:
        if not checkpoint.exists():
            part.rename(checkpoint)
        raise
    if checkpoint.exists():
        _discard(checkpoint)


def _discard(checkpoint: Path) -> None:
    """Delete a checkpoint that was delivered; under another name, so that a crash leaves no half of it behind."""
    gone = checkpoint.with_name(f".{checkpoint.name}.delivered")
    shutil.rmtree(gone, ignore_errors=True)
    checkpoint.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _check_free(target: Path) -> None:
    if target.is_dir() and not _is_filled(target):
        return
    if target.exists():
        raise OutputError(
            f"{target} has come into use since the job began; the best model is not put there",
            path="$.outputDir",
            hint="empty the folder and resume the job",
        )


def _is_filled(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _same_files(one: Path, other: Path) -> bool:
    """Compare by content: the models of two jobs have files of the same names and sizes."""
    if not other.is_dir():
        return False
    names = _list_files(one)
    return names == _list_files(other) and all(filecmp.cmp(one / name, other / name, shallow=False) for name in names)


def _list_files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
