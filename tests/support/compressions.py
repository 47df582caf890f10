"""Compressions of a tiny classifier in this process, by backends that need no engine."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, Final

from persopt.compression.checks import resolve_compression
from persopt.compression.run import run_compression
from persopt.domain.compress_reports import CompressReport
from persopt.domain.compress_specs import CompressSpec
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_modules
from persopt.plugins.registry import Registry
from persopt.settings import load_settings
from tests.support.tiny_models import WORDS

__all__ = ("MODULES", "compress_here", "make_compressible", "registry_of", "resolve_here", "write_rows")

MODULES: Final = ("tests.support.casting_backend", "tests.support.first_method")
_LAYERS: Final = 3


def write_rows(file: Path, count: int, seed: int, labels: dict[str, str] | None = None) -> None:
    """Write rows of the tiny task of words; `labels` gives other labels to kinds."""
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        kind = chance.choice(list(WORDS))
        text = " ".join(chance.choices(WORDS[kind], k=chance.randint(1, 5)))
        rows.append({"text": text, "label": (labels or {}).get(kind, kind)})
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def make_compressible(folder: Path, *, test: bool = True) -> tuple[Path, Path]:
    """Return a trained classifier of three layers and its data: 48 rows to train, 24 to validate, 24 to test."""
    from persopt.models.loading import load_for_task, load_tokenizer
    from persopt.models.quiet import quiet_transformers
    from persopt.quickstart import make_quickstart_model

    data = folder / "data"
    data.mkdir(parents=True)
    write_rows(data / "train.jsonl", 48, 1)
    write_rows(data / "validation.jsonl", 24, 2)
    if test:
        write_rows(data / "test.jsonl", 24, 3)
    words = [word for kind in WORDS.values() for word in kind]
    body = make_quickstart_model(folder / "body", words * 3, 0, vocabulary=150, hidden_size=32, layers=_LAYERS)
    model = folder / "classifier"
    import torch

    with quiet_transformers(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network: Any = load_for_task(body, "text-classification", sorted(WORDS))
        tokenizer: Any = load_tokenizer(body)
        rows = [json.loads(line) for line in (data / "train.jsonl").read_text("utf-8").splitlines()]
        inputs = tokenizer([row["text"] for row in rows], padding=True, return_tensors="pt")
        labels = torch.tensor([network.config.label2id[row["label"]] for row in rows])
        optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
        network.train()
        for _ in range(30):
            optimizer.zero_grad()
            network(**inputs, labels=labels).loss.backward()
            optimizer.step()
        network.eval().save_pretrained(model)
        tokenizer.save_pretrained(model)
    return model, data


def registry_of(folder: Path, *modules: str) -> Registry:
    """Return the built-in plugins but PyTorch's backend, and those of the tests."""
    settings = load_settings({}, home=str(folder / "home"))
    builtin = [name for name in BUILTIN_MODULES if "quantization" not in name]
    return load_modules([*builtin, *(modules or MODULES)], settings)


def resolve_here(
    folder: Path, model: Path, data: Path, registry: Registry | None = None, /, **fields: Any
) -> CompressSpec:
    """Resolve a compression into `folder / "small"`; timings are short, and so is the search."""
    settings = load_settings({}, home=str(folder / "home"))
    given: dict[str, Any] = {
        "model_path": str(model),
        "dataset_path": str(data),
        "output_path": str(folder / "small"),
        "max_candidates": 4,
        "seconds": 0.01,
        "latency_length": 8,
        "threads": 1,
        "calibration_rows": 32,
        "backends": ["casting"],
        "device": "cpu",
        "measure_memory": False,
        "max_accuracy_drop": 10.0,
    }
    spec = CompressSpec(**given | fields)
    return resolve_compression(spec, settings, registry or registry_of(folder))


def compress_here(
    folder: Path,
    model: Path,
    data: Path,
    /,
    *,
    registry: Registry | None = None,
    run: dict[str, Any] | None = None,
    place: str = "run",
    **fields: Any,
) -> CompressReport:
    """Resolve and run a compression; the folder of the run is `folder / place`."""
    settings = load_settings({}, home=str(folder / "home"))
    (folder / place).mkdir(parents=True, exist_ok=True)
    known = registry or registry_of(folder)
    return run_compression(
        resolve_here(folder, model, data, known, **fields),
        settings=settings,
        registry=known,
        folder=folder / place,
        environment={"versions": {"persopt": "0"}, "cpu": {"model": "here", "usableCores": 1}},
        **(run or {}),
    )
