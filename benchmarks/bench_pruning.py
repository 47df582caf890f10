"""What does it take to prune a checkpoint that is only rewritten?"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from benchmarks.contest import contest

GIGABYTES = float(os.environ.get("PERSOPT_BENCH_GIGABYTES", "1"))
WIDTH = 2048
VOCABULARY = 32_000
SPARSITY = 0.5


def run_transformers_tensor() -> float:
    """`from_pretrained`, `torch.nn.utils.prune.l1_unstructured` of each linear layer, `save_pretrained`."""
    return _prune_by_torch("tensor")


def run_transformers_global() -> float:
    """`from_pretrained`, `torch.nn.utils.prune.global_unstructured` of all of them, `save_pretrained`."""
    return _prune_by_torch("global")


def run_persopt_tensor() -> float:
    """persopt, one threshold a tensor."""
    return _prune_by_persopt("tensor")


def run_persopt_global() -> float:
    """persopt, one threshold for the whole model."""
    return _prune_by_persopt("global")


def _prune_by_torch(scope: Literal["tensor", "global"]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        model_folder = make_checkpoint(Path(folder) / "model")
        begun = time.perf_counter()
        from torch import nn
        from torch.nn.utils import prune
        from transformers import AutoModel

        model: Any = AutoModel.from_pretrained(model_folder)
        layers = [module for module in model.encoder.modules() if isinstance(module, nn.Linear)]
        if scope == "global":
            chosen = [(layer, "weight") for layer in layers]
            prune.global_unstructured(chosen, pruning_method=prune.L1Unstructured, amount=SPARSITY)
        for layer in layers:
            if scope == "tensor":
                prune.l1_unstructured(layer, "weight", amount=SPARSITY)  # type: ignore[no-untyped-call]
            prune.remove(layer, "weight")  # type: ignore[no-untyped-call]
        model.save_pretrained(Path(folder) / "pruned")
        return time.perf_counter() - begun


def _prune_by_persopt(scope: Literal["tensor", "global"]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        model_folder = make_checkpoint(Path(folder) / "model")
        begun = time.perf_counter()
        from persopt.domain.prune_specs import PruneConfig, PruneSpec
        from persopt.kernel.builtin_modules import BUILTIN_MODULES
        from persopt.plugins.discovery import load_registry
        from persopt.pruning.checks import resolve_pruning
        from persopt.pruning.run import run_pruning
        from persopt.settings import load_settings

        settings = load_settings({}, home=f"{folder}/home")
        registry = load_registry(settings, BUILTIN_MODULES)
        spec = PruneSpec(
            model_path=str(model_folder),
            output_path=f"{folder}/pruned",
            config=PruneConfig(sparsity=SPARSITY, scope=scope),
        )
        run = Path(folder) / "run"
        run.mkdir()
        resolved = resolve_pruning(spec, settings, registry)
        report = run_pruning(resolved, settings=settings, registry=registry, folder=run, environment={})
        seconds = time.perf_counter() - begun
        if abs(report.sparsity - SPARSITY) * report.after.parameters > 1:
            raise SystemExit(f"not the sparsity asked for: {report.sparsity}")
        return seconds


def make_checkpoint(folder: Path) -> Path:
    """Write a BERT encoder of random float32 weights and of about `GIGABYTES`, in little memory."""
    import numpy as np

    folder.mkdir()
    layer = 4 * WIDTH**2 + 2 * 4 * WIDTH**2
    layers = max(round((GIGABYTES * 1e9 / 4 - VOCABULARY * WIDTH) / layer), 1)
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": WIDTH,
        "intermediate_size": 4 * WIDTH,
        "num_hidden_layers": layers,
        "num_attention_heads": 16,
        "vocab_size": VOCABULARY,
        "dtype": "float32",
    }
    (folder / "config.json").write_text(json.dumps(config))
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in _tensors(layers):
        begin, end = end, end + 4 * int(np.prod(shape))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    random = np.random.default_rng(0)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for start in range(0, end // 4, 1 << 20):
            file.write(random.standard_normal(min(1 << 20, end // 4 - start), dtype=np.float32).tobytes())
    return folder


def _tensors(layers: int) -> Iterator[tuple[str, list[int]]]:
    norm = (("weight", [WIDTH]), ("bias", [WIDTH]))
    for name, rows in (("word", VOCABULARY), ("position", 512), ("token_type", 2)):
        yield f"embeddings.{name}_embeddings.weight", [rows, WIDTH]
    for part, shape in norm:
        yield f"embeddings.LayerNorm.{part}", shape
    for index in range(layers):
        prefix = f"encoder.layer.{index}"
        linear = {
            "attention.self.query": (WIDTH, WIDTH),
            "attention.self.key": (WIDTH, WIDTH),
            "attention.self.value": (WIDTH, WIDTH),
            "attention.output.dense": (WIDTH, WIDTH),
            "intermediate.dense": (4 * WIDTH, WIDTH),
            "output.dense": (WIDTH, 4 * WIDTH),
        }
        for name, (outputs, inputs) in linear.items():
            yield f"{prefix}.{name}.weight", [outputs, inputs]
            yield f"{prefix}.{name}.bias", [outputs]
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            for part, shape in norm:
                yield f"{prefix}.{name}.{part}", shape
    yield "pooler.dense.weight", [WIDTH, WIDTH]
    yield "pooler.dense.bias", [WIDTH]


if __name__ == "__main__":
    contest(
        f"Pruning half the weights of a {GIGABYTES:g} GB encoder by magnitude",
        "A BERT encoder, float32; half of the weights of all linear layers of its body. From the import of the "
        "libraries to the pruned checkpoint on the disk (persopt has it synchronised, plots included).",
        {
            "transformers, per tensor": run_transformers_tensor,
            "persopt, per tensor": run_persopt_tensor,
            "transformers, global": run_transformers_global,
            "persopt, global": run_persopt_global,
        },
    )
