"""What lies in a checkpoint's folder beside its weights."""

from __future__ import annotations

import shutil
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from persopt.models.weight_files import WEIGHT_FILES, WEIGHT_INDEX

__all__ = ("copy_side_files",)

_NEVER: Final = (".*", "sparse", "checkpoint-*", "onnx", "openvino", "persopt.json", "*.pkl", "*.pickle")


def copy_side_files(source: Path, target: Path, *, keep_index: bool = True) -> None:
    """Copy everything of a checkpoint but its weights: configuration, tokenizer, modules of sentence-transformers.

    Weights of other frameworks and of training states stay behind: they would be those of another model. So do pickles.

    Args:
        source: The checkpoint.
        target: A folder; files of the same names are written over.
        keep_index: Whether the shards keep their tensors, so that the index of the shards stays true.
    """
    others = WEIGHT_FILES if keep_index else (*WEIGHT_FILES, WEIGHT_INDEX)

    def ignore(folder: str, names: list[str]) -> set[str]:
        patterns = (*_NEVER, *others) if Path(folder) == source else _NEVER
        return {name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)}

    shutil.copytree(source, target, ignore=ignore, dirs_exist_ok=True, copy_function=shutil.copyfile)
    # copytree gives each folder its source's mode, and nothing could be written into that of a read-only one.
    for folder in (target, *(place for place in target.rglob("*") if place.is_dir())):
        folder.chmod(folder.stat().st_mode | 0o700)
