"""Putting a trained model in the place of another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from persopt.models.quiet import quiet_transformers

__all__ = ("replace_model",)


def replace_model(model: Any, folder: Path) -> None:
    """Replace the weights and the configuration in a folder; the model is on the CPU afterwards."""
    for pattern in ("*.safetensors", "*.safetensors.index.json"):
        for file in folder.glob(pattern):
            file.unlink()
    model.to(torch.device("cpu"))
    with quiet_transformers():
        model.save_pretrained(folder)
