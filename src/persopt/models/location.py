"""Where a model lies: a folder, a name in the workspace, or an id of the Hugging Face hub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from persopt.domain.errors import ModelError
from persopt.settings import Settings

__all__ = ("locate_model",)

_HUB_ID: Final = re.compile(r"(?!models/|datasets/)[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
# What a checkpoint needs; pickles and the weights of other frameworks are never fetched.
_PATTERNS: Final = ["*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.model", "*.jinja"]


def locate_model(given: str, settings: Settings, path: str = "$.baseModelPath") -> Path:
    """Return the absolute folder of a model.

    Looks at the path as given, in the workspace, in the workspace's `models`, in the Hugging Face cache, and
    then, unless `HF_HUB_OFFLINE` is set, downloads from the hub.

    Args:
        given: What the user wrote.
        settings: Where the workspace is.
        path: JSON path of the field, for the error.

    Raises:
        ModelError: if there is no such model; says where it was looked for.
    """
    if not given.strip():
        raise ModelError("is empty; expected the folder of a checkpoint, a name or a hub id", path=path)
    places = [Path(given).expanduser(), settings.workspace / given, settings.models / given]
    for place in places:
        if place.is_dir():
            return place.absolute()
        if place.is_file():
            raise ModelError(
                f"{given!r} is a file; expected the folder that holds config.json and the weights", path=path
            )
    looked = ", ".join(dict.fromkeys(str(place.absolute()) for place in places))
    if _HUB_ID.fullmatch(given) is None:
        raise ModelError(f"no model {given!r}; looked at {looked}", path=path)
    folder, reason = _find_on_hub(given)
    if folder is None:
        raise ModelError(f"no model {given!r}; looked at {looked} and on the Hugging Face hub: {reason}", path=path)
    return folder


def _find_on_hub(repository: str) -> tuple[Path | None, str]:
    """Return the folder in the Hugging Face cache, downloaded if need be, or why there is none."""
    from huggingface_hub import constants, snapshot_download, try_to_load_from_cache
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    try:
        cached = try_to_load_from_cache(repository, "config.json")
    except ValueError as error:
        return None, str(error)
    if isinstance(cached, str) and list(Path(cached).parent.glob("*.safetensors")):
        return Path(cached).parent, ""
    if constants.HF_HUB_OFFLINE:
        return None, "not in its cache, and HF_HUB_OFFLINE forbids to download"
    were_disabled = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        return Path(snapshot_download(repository, allow_patterns=_PATTERNS)), ""
    except (OSError, ValueError) as error:  # the hub's errors are OSErrors, an id it refuses is a ValueError
        return None, _explain(error)
    finally:
        if not were_disabled:
            enable_progress_bars()


def _explain(error: Exception) -> str:
    """Say in a few words why the hub gives nothing; its own words where it is none of the usual reasons."""
    from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError

    if isinstance(error, GatedRepoError):
        return "it is there, but asks for a login and its owner's consent"
    if isinstance(error, RepositoryNotFoundError):
        return "it is not there, or not public"
    if isinstance(error, LocalEntryNotFoundError):
        return "not in its cache, and the hub cannot be reached"
    return " ".join(str(error).split())
