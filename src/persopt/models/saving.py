"""Saving a model with its tokenizer or image processor, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from persopt.models.new_folder import make_new_folder
from persopt.models.quiet import quiet_transformers

__all__ = ("save_model",)


def save_model(model: Any, processor: Any | None, folder: Path | str) -> Path:
    """Write a checkpoint (safetensors) that `from_pretrained` loads, and return its folder.

    Of a model that PEFT has put an adapter around, the adapter alone is written, which PEFT's `from_pretrained` loads:
    its settings, the name of the base model among them, its weights, and the configuration with the labels.

    The folder takes its name only when everything in it is written to the disk; a process that dies before
    leaves at most a hidden `.NAME.*.part` beside it.

    Args:
        model: The model; stays where it is and as it is.
        processor: Its tokenizer or image processor, saved beside it, unless None.
        folder: New, or empty.

    Raises:
        OutputError: if the folder holds something already, cannot be written, or the disk is full.
    """
    with make_new_folder(folder) as part, quiet_transformers():
        if hasattr(model, "peft_config"):
            model.save_pretrained(part, save_embedding_layers=False)
            model.get_base_model().config.save_pretrained(part)
        else:
            model.save_pretrained(part)
        if processor is not None:
            processor.save_pretrained(part)
    return Path(folder).absolute()
