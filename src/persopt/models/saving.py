"""Saving a model with its tokenizer, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from persopt.models.new_folder import make_new_folder
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
    with make_new_folder(folder) as part, quiet_transformers():
        model.save_pretrained(part)
        if tokenizer is not None:
            tokenizer.save_pretrained(part)
    return Path(folder).absolute()
