"""Folders of images: `class/*.png`, perhaps below folders named for the splits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from persopt.data.files import SPLITS, SUFFIXES, Split
from persopt.domain.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ("IMAGE_SUFFIXES", "image_table", "is_image_folder", "list_images")

IMAGE_SUFFIXES: Final = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_ORDER: Final[tuple[Split, ...]] = ("train", "validation", "test")


def is_image_folder(location: Path) -> bool:
    """Return whether a folder holds images and, two levels down, no other data than plain text."""
    if not location.is_dir():
        return False
    tables = [suffix for suffix in SUFFIXES if suffix != ".txt"]
    near = [*location.glob("*"), *location.glob("*/*")]
    if any(item.suffix.lower() in tables and item.is_file() for item in near):
        return False
    return any(_is_image(file) for file in location.rglob("*"))


def list_images(location: Path, path: str = "") -> dict[Split, list[Path]]:
    """Return the images of a folder by split, each list sorted; the class of one is the name of its folder.

    Folders that are named for splits hold folders named for classes; without them all images are `train`.

    Raises:
        DataError: if an image does not lie in a folder of its class, or there are classes beside splits.
    """
    folders = sorted(item for item in location.iterdir() if item.is_dir() and not item.name.startswith("."))
    splits = {folder: SPLITS[folder.name.casefold()] for folder in folders if folder.name.casefold() in SPLITS}
    beside = [folder.name for folder in folders if folder not in splits]
    if splits and beside:
        message = f"{location} has folders of splits and, beside them, {beside[0]!r}; put classes into the splits"
        raise DataError(message, path=path)
    by_split: dict[Split, list[Path]] = {}
    for root, split in (splits or {location: "train"}).items():
        loose = next((file for file in sorted(root.iterdir()) if _is_image(file)), None)
        if loose is not None:
            raise DataError(f"{loose} lies in no folder of a class; expected {root}/CLASS/{loose.name}", path=path)
        files = sorted(file for file in root.glob("*/**/*") if _is_image(file))
        deep = next((file for file in files if file.parent.parent != root), None)
        if deep is not None:
            raise DataError(f"{deep} lies too deep; expected {root}/CLASS/{deep.name}", path=path)
        by_split.setdefault(split, []).extend(files)
    return {split: by_split[split] for split in _ORDER if by_split.get(split)}


def image_table(files: list[Path]) -> pa.Table:
    """Return a table of `image` (the files' paths, nothing read) and `label` (the names of their folders)."""
    import pyarrow as pa

    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    cells = pa.array([{"bytes": None, "path": str(file)} for file in files], kind)
    return pa.table({"image": cells, "label": pa.array([file.parent.name for file in files], pa.string())})


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".") and file.is_file()
