"""Quantizations of tiny checkpoints in this process, by backends that need no engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from persopt.domain.programs import TrainingProgram
from persopt.domain.quantize_reports import QuantizeReport
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec
from persopt.plugins.discovery import load_modules
from persopt.plugins.registry import Registry
from persopt.quantization.checks import resolve_quantization
from persopt.quantization.run import run_quantization
from persopt.settings import Settings, load_settings
from tests.support.tiny_models import WORDS, make_text_program

__all__ = ("MODULES", "make_classifier", "quantize_here", "registry_of", "resolve_here")

MODULES: Final = ("tests.support.casting_backend",)


def make_classifier(folder: Path) -> TrainingProgram:
    """Make a tiny task of words, and a model with a head for it (drawn, not trained) at `folder / "classifier"`."""
    import msgspec
    import torch

    from persopt.models.loading import load_for_task, load_tokenizer
    from persopt.models.quiet import quiet_transformers

    program = make_text_program(folder)
    with quiet_transformers(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        load_for_task(program.model, "text-classification", sorted(WORDS)).save_pretrained(folder / "classifier")
        load_tokenizer(program.model).save_pretrained(folder / "classifier")
    return msgspec.structs.replace(program, model=str(folder / "classifier"))


def registry_of(settings: Settings, *modules: str) -> Registry:
    """Return the test's own backends and those of more modules."""
    return load_modules([*MODULES, *modules], settings)


def resolve_here(
    folder: Path,
    model: Path | str,
    *,
    spec: dict[str, Any] | None = None,
    registry: Registry | None = None,
    **config: Any,
) -> QuantizeSpec:
    """Resolve a quantization of `model` into `folder / "quantized"`; nothing that takes long is measured."""
    settings = load_settings({}, home=str(folder / "home"))
    fields: dict[str, Any] = {
        "model_path": str(model),
        "output_path": str(folder / "quantized"),
        "config": QuantizeConfig(**{"backend": "casting"} | config),
        "measure_latency": False,
        "measure_memory": False,
        "threads": 1,
    }
    asked = QuantizeSpec(**fields | (spec or {}))
    return resolve_quantization(asked, settings, registry or registry_of(settings))


def quantize_here(
    folder: Path,
    model: Path | str,
    *,
    run: dict[str, Any] | None = None,
    registry: Registry | None = None,
    **more: Any,
) -> QuantizeReport:
    """Resolve and run a quantization; the folder of the run is `folder / "run"`."""
    settings = load_settings({}, home=str(folder / "home"))
    (folder / "run").mkdir(parents=True, exist_ok=True)
    known = registry or registry_of(settings)
    return run_quantization(
        resolve_here(folder, model, registry=known, **more),
        settings=settings,
        registry=known,
        folder=folder / "run",
        environment={"modelHash": "a", "dataHash": "b"},
        **(run or {}),
    )
