"""Where a data set lies: a file or folder, a name in the workspace, or an id of the Hugging Face hub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from persopt.data.files import SUFFIXES
from persopt.domain.errors import DataError
from persopt.settings import Settings

__all__ = ("locate_dataset",)

_HUB_ID: Final = re.compile(r"(?!models/|datasets/)[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
_SECONDS: Final = 10.0


def locate_dataset(given: str, settings: Settings, path: str = "$.datasetPath") -> Path | str:
    """Return the absolute path of a data set, or its id on the Hugging Face hub.

    Looks at the path as given, in the workspace, in the workspace's `datasets`, in the cache of the hub and,
    unless `HF_HUB_OFFLINE` is set, on the hub. Nothing is downloaded here.

    Args:
        given: What the user wrote.
        settings: Where the workspace is.
        path: JSON path of the field, for the error.

    Raises:
        DataError: if there is no such data set; says where it was looked for.
    """
    if not given.strip():
        raise DataError("is empty; expected a file, a folder, a name or a hub id", path=path)
    places = [Path(given).expanduser(), settings.workspace / given, settings.datasets / given]
    for place in places:
        if place.exists():
            return place.absolute()
    looked = ", ".join(dict.fromkeys(str(place.absolute()) for place in places))
    if _HUB_ID.fullmatch(given) is None or Path(given).suffix.lower() in SUFFIXES:
        raise DataError(f"no data set {given!r}; looked at {looked}", path=path)
    reason = _explain_absence(given)
    if reason:
        message = f"no data set {given!r}; looked at {looked} and on the Hugging Face hub ({reason})"
        raise DataError(message, path=path)
    return given


def _explain_absence(repository: str) -> str:
    """Return why the hub and its caches do not have a data set; empty if they have it."""
    from datasets import config
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    folders = (
        Path(config.HF_DATASETS_CACHE) / repository.replace("/", "___"),
        Path(constants.HF_HUB_CACHE) / f"datasets--{repository.replace('/', '--')}",
    )
    if any(folder.is_dir() for folder in folders):
        return ""
    if constants.HF_HUB_OFFLINE:
        return "not in its cache, and HF_HUB_OFFLINE forbids to download"
    try:
        HfApi().dataset_info(repository, timeout=_SECONDS)
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        return " ".join(str(error).split())
    except Exception as error:
        if type(error).__module__.startswith(("httpx", "httpcore")):  # which of them depends on the hub client
            return f"it cannot be reached: {error}"
        raise
    return ""
