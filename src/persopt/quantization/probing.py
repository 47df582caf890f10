"""What a fresh process opens to tell how much memory a model takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from persopt.models.runners import open_runner
from persopt.plugins.discovery import load_registry
from persopt.settings import load_settings

__all__ = ("open_call",)


@contextmanager
def open_call(
    *, model: str, inputs: str, modules: Sequence[str], device: str, threads: int
) -> Iterator[Callable[[], object]]:
    """Open a model and give a call of it.

    Args:
        model: Folder of the checkpoint, which runs in float32, or of the artifact.
        inputs: An `.npz` file of one batch.
        modules: Modules that bring its backend, besides the installed plugins.
        device: `cpu` or `cuda`.
        threads: CPU threads.
    """
    registry = load_registry(load_settings(), modules)
    with np.load(Path(inputs), allow_pickle=False) as stored:
        batch = {name: stored[name] for name in stored.files}
    with open_runner(model, registry, device=device, threads=threads, dtype="float32") as opened:
        yield partial(opened.run, batch)
