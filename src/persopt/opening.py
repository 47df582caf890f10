"""Opening a model from Python: where it lies, which backends are installed."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from persopt.domain.errors import InputError
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.models.loaded import LoadedModel
from persopt.models.location import locate_model
from persopt.models.runners import open_runner
from persopt.plugins.discovery import load_registry
from persopt.settings import load_settings

__all__ = ("load",)


def load(
    path: str | Path,
    *,
    device: Literal["cpu", "cuda"] = "cpu",
    threads: int | None = None,
    home: str | Path | None = None,
) -> LoadedModel:
    """Open a model for use: a checkpoint, or what persopt quantized or exported, by the backend that made it.

    Args:
        path: The folder, a name in the workspace, or a hub id.
        device: Where it runs.
        threads: CPU threads of a call; by default the library's.
        home: The workspace; by default `PERSOPT_HOME` or `./persopt-data`.

    Returns:
        The model; close it, or use it in a `with` block.

    Raises:
        InputError: if an argument is not accepted.
        ModelError: if there is no such model, it is damaged, or its backend is not installed (the package is named).
        PluginError: if its backend fails.
    """
    if device not in ("cpu", "cuda"):
        raise InputError(f"expected 'cpu' or 'cuda', got {device!r}", path="$.device")
    if threads is not None and threads < 1:
        raise InputError(f"expected at least 1, got {threads}", path="$.threads")
    settings = load_settings(home=None if home is None else str(home))
    folder = locate_model(str(path), settings, path="$.path")
    registry = load_registry(settings, BUILTIN_MODULES)
    with ExitStack() as stack:
        opened = stack.enter_context(open_runner(folder, registry, device=device, threads=threads))
        return LoadedModel(opened, stack.pop_all())
