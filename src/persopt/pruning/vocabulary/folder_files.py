"""The other files of a checkpoint's folder: what is copied, and what would be stale beside a new vocabulary."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from persopt.models.weight_files import WEIGHT_FILES, WEIGHT_INDEX

__all__ = ("copy_other_files",)

_VOCABULARIES: Final = (
    "vocab.*",
    "*.vocab",
    "*.spm",
    "*.model",
    "*.tiktoken",
    "bpe.codes",
    "dict.txt",
    "encoder.json",
    "tekken.json",
    "unigram.json",
)
_MODEL_FILES: Final = ("tokenizer.json", "tokenizer_config.json", "*.onnx", "*.gguf", "openvino_model.xml")


def copy_other_files(source: Path, target: Path, done: Collection[str]) -> dict[str, str]:
    """Copy the files and folders that a new vocabulary leaves true; return those left out, with the reason.

    Hidden files and folders are passed over.

    Args:
        source: The checkpoint.
        target: The new folder.
        done: Names that were seen to already.
    """
    left_out: dict[str, str] = {}
    for item in sorted(source.iterdir()):
        if item.name in done or item.name.startswith("."):
            continue
        reason = _find_reason(item)
        if reason:
            left_out[item.name] = reason
        elif item.is_dir():
            shutil.copytree(item, target / item.name)
        else:
            shutil.copyfile(item, target / item.name)
    return left_out


def _find_reason(item: Path) -> str:
    """Return why a file or folder is not copied, or nothing."""
    if item.is_dir():
        return "a model of its own" if any(_find_models(item)) else ""
    if any(item.match(pattern) for pattern in (*WEIGHT_FILES, WEIGHT_INDEX)):
        return "weights or a training's state in a form that is not rewritten"
    if any(item.match(pattern) for pattern in _VOCABULARIES):
        return "a vocabulary in a form that is not rewritten"
    return ""


def _find_models(folder: Path) -> Iterator[Path]:
    for pattern in _MODEL_FILES:
        yield from folder.rglob(pattern)
    for file in folder.rglob("config.json"):
        if b'"model_type"' in file.read_bytes():
            yield file
