"""Which files make up a data set, and which split each belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal

from persopt.domain.errors import DataError

__all__ = ("SPLITS", "SUFFIXES", "Format", "Split", "find_split", "is_saved", "list_files")

Format = Literal["delimited", "json", "parquet", "conllu", "text"]
Split = Literal["train", "validation", "test"]

SUFFIXES: Final[Mapping[str, Format]] = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".tab": "delimited",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".conllu": "conllu",
    ".txt": "text",
}
SPLITS: Final[Mapping[str, Split]] = {
    "train": "train",
    "training": "train",
    "آموزش": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "development": "validation",
    "eval": "validation",
    "اعتبارسنجی": "validation",
    "test": "test",
    "testing": "test",
    "آزمون": "test",
}
_WORD: Final = re.compile(r"[^\W\d_]+")
_ORDER: Final[tuple[Split, ...]] = ("train", "validation", "test")
# Files that the Hugging Face libraries write beside the data.
_METADATA: Final = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")


def find_split(name: str) -> Split | None:
    """Return the split that a name tells of by one of its words: `Val-word`, `perdt-dev`, `test_matched`.

    Raises:
        DataError: if it tells of several.
    """
    found = sorted({SPLITS[word] for word in _WORD.findall(name.lower()) if word in SPLITS})
    if len(found) > 1:
        raise DataError(f"the name {name!r} tells of several splits: {' and '.join(found)}; rename it")
    return found[0] if found else None


def is_saved(location: Path) -> bool:
    """Return whether a folder was written by `datasets`' `save_to_disk`."""
    return (location / "dataset_dict.json").is_file() or (location / "state.json").is_file()


def list_files(location: Path, path: str = "") -> dict[Split, list[Path]]:
    """Return the files of a data set by split, each list sorted by name.

    A single file is the split `train`. In a folder, files (or the folders one level down that hold them) are
    assigned by the words of their names; files without such a word make `train`, unless there are files for
    `train`, beside which they are left out. Plain text files beside other data (a README, a licence) are no data.

    Raises:
        DataError: if there are no files of a known format, or they are of several formats.
    """
    if location.is_file():
        _format_of(location, path)
        return {"train": [location]}
    files = _data_files(location.iterdir()) or _data_files(location.glob("*/*"))
    if not files:
        raise DataError(f"{location} holds no data files; accepted: {', '.join(SUFFIXES)}", path=path)
    files = [file for file in files if SUFFIXES[file.suffix.lower()] != "text"] or files
    formats = {SUFFIXES[file.suffix.lower()]: file for file in files}
    if len(formats) > 1:
        names = " and ".join(file.name for file in formats.values())
        message = f"{location} holds files of several formats ({names}); leave one format, or name one file"
        raise DataError(message, path=path)
    by_split: dict[Split | None, list[Path]] = {}
    for file in files:
        split = find_split(file.stem) or (None if file.parent == location else find_split(file.parent.name))
        by_split.setdefault(split, []).append(file)
    by_split.setdefault("train", by_split.get(None, []))
    return {split: by_split[split] for split in _ORDER if by_split.get(split)}


def _data_files(items: Iterable[Path]) -> list[Path]:
    return sorted(
        item
        for item in items
        if item.suffix.lower() in SUFFIXES
        and not item.name.startswith(".")
        and item.name not in _METADATA
        and item.is_file()
    )


def _format_of(file: Path, path: str) -> Format:
    try:
        return SUFFIXES[file.suffix.lower()]
    except KeyError:
        accepted = ", ".join(SUFFIXES)
        raise DataError(
            f"{file} is of no known format; accepted: {accepted}, or a saved data set's folder", path=path
        ) from None
