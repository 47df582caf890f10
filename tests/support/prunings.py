"""Prunings of tiny checkpoints in this process, and what their shards hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from persopt.domain.prune_reports import PruneReport
from persopt.domain.prune_specs import PruneConfig, PruneSpec
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_registry
from persopt.pruning.checks import resolve_pruning
from persopt.pruning.run import run_pruning
from persopt.settings import load_settings

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("prune_here", "read_tensors", "resolve_here", "save_sharded")


def resolve_here(folder: Path, model: Path, *, spec: dict[str, Any] | None = None, **config: Any) -> PruneSpec:
    """Resolve a pruning of `model` into `folder / "pruned"`; workspace: `folder / "home"`; nothing is timed."""
    settings = load_settings({}, home=str(folder / "home"))
    fields: dict[str, Any] = {
        "model_path": str(model),
        "output_path": str(folder / "pruned"),
        "measure_latency": False,
    }
    asked = PruneSpec(**fields | {"config": PruneConfig(**config)} | (spec or {}))
    return resolve_pruning(asked, settings, load_registry(settings, BUILTIN_MODULES))


def prune_here(folder: Path, model: Path, *, run: dict[str, Any] | None = None, **more: Any) -> PruneReport:
    """Resolve and run a pruning; the folder of the run is `folder / "run"`."""
    settings = load_settings({}, home=str(folder / "home"))
    (folder / "run").mkdir(parents=True, exist_ok=True)
    return run_pruning(
        resolve_here(folder, model, **more),
        settings=settings,
        registry=load_registry(settings, BUILTIN_MODULES),
        folder=folder / "run",
        environment={},
        **(run or {}),
    )


def save_sharded(model: Path, target: Path, dtype: str = "float32", shard: str = "12KB") -> Path:
    """Save a checkpoint again in shards and in another type, with its tokenizer."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    from persopt.models.quiet import quiet_transformers

    with quiet_transformers():
        loaded = AutoModel.from_pretrained(model, dtype=getattr(torch, dtype))
        loaded.save_pretrained(target, max_shard_size=shard)
        AutoTokenizer.from_pretrained(model).save_pretrained(target)
    return target


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """Return all tensors of a checkpoint in the order of its shards, read by the safetensors library."""
    from safetensors import safe_open

    tensors: dict[str, Tensor] = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as opened:
            tensors |= {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - not a mapping
    return tensors
