"""Quantization-aware training: weights that quantize well, learned on the task's own data."""

from __future__ import annotations

from pathlib import Path

from persopt.domain.errors import ModelError
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.quantization.backends import Candidate
from persopt.ticker import Ticker

__all__ = ("train_aware",)


def train_aware(
    model: Path, target: Path, spec: QuantizeSpec, cache: Path, ticker: Ticker, *, candidate: Candidate | None = None
) -> list[str]:
    """Train a checkpoint with fake quantization, save its float32 weights in a new folder, return notes.

    Args:
        model: The checkpoint in float32.
        target: The new folder, which is made.
        spec: Resolved: with data set, task and columns.
        cache: Folder of tokenized data.
        ticker: Looked at before each step; its message tells how far the training is.
        candidate: The backend, if it is known already: a `TrainableBackend` puts its own fake quantization in.

    Raises:
        ModelError: if the model cannot be trained so.
    """
    del model, target, spec, cache, ticker, candidate
    raise ModelError("quantization-aware training is not there yet", path="$.config.method")
