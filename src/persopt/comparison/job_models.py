"""The model that a finished job made."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import msgspec

from persopt.domain.errors import ModelError

__all__ = ("find_job_model",)

_ID: Final = re.compile(r"[0-9a-f]{8,20}")


def find_job_model(given: str, jobs: Path, path: str) -> Path | None:
    """Return the folder of the model that a job gave back; None if what is given is no job.

    Args:
        given: A job's id, or an unmistakable beginning of at least eight digits.
        jobs: Folder of the jobs' folders.
        path: JSON path of the field, for errors.

    Raises:
        ModelError: if several jobs begin so, or the job has no result yet, or one that is no model.
    """
    if _ID.fullmatch(given) is None:
        return None
    found = sorted(folder for folder in jobs.glob(f"{given}*") if folder.is_dir())
    if not found:
        return None
    if len(found) > 1:
        raise ModelError(f"{len(found)} jobs begin with {given!r}; give more of the id", path=path)
    (folder,) = found
    try:
        report = msgspec.json.decode((folder / "report.json").read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError):
        message = f"job {folder.name} has no result: it has not finished, or it failed or was cancelled"
        raise ModelError(message, path=path, hint=f"see `persopt jobs show {folder.name}`") from None
    model = report.get("modelPath")
    if not isinstance(model, str) or not model:
        raise ModelError(f"job {folder.name} made no model; expected a job whose result is one", path=path)
    if not Path(model).is_dir():
        raise ModelError(f"the model of job {folder.name} is not there any more: {model}", path=path)
    return Path(model)
