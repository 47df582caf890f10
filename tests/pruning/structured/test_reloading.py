"""Pruned models on the disk: smaller, and loaded by plain Transformers in an interpreter without persopt."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from safetensors.torch import save_file

from persopt.models.saving import save_model
from persopt.pruning.structured import StructuredRatios
from persopt.pruning.structured.prune import prune_structured
from tests.pruning.structured.architectures import ARCHITECTURES, build, inputs_for, logits_of

FREE = ("qwen2", "t5", "mt5", "vit")  # their width need not be a multiple of the heads
SCRIPT = Path(__file__).with_name("load_plainly.py")


def _bytes(folder: Path) -> int:
    return (folder / "model.safetensors").stat().st_size


def test_plain_transformers_loads_every_architecture(tmp_path: Path) -> None:
    parameters, whole = {}, tmp_path / "whole"
    for name, architecture in ARCHITECTURES.items():
        cuts = {
            "heads": StructuredRatios(heads=0.5, hidden=0.5 if architecture.tied else 0),
            "width": StructuredRatios(hidden=0.3 if name in FREE else 0.25),
            "all": StructuredRatios(heads=0.5, hidden=0.5, feed_forward=0.35, layers=0.5),
        }
        save_model(build(name), None, whole / name)
        for kind, ratios in cuts.items():
            model = build(name)
            report = prune_structured(model, lambda _, weight: weight.abs(), ratios)
            folder = tmp_path / "pruned" / f"{name}-{kind}"
            save_model(model, None, folder)
            save_file({**inputs_for(model), "logits": logits_of(model).contiguous()}, folder / "noted.safetensors")
            (folder / "auto.txt").write_text(architecture.auto)
            parameters[folder.name] = report.parameters_after
            assert report.parameters_after < report.parameters_before
            assert _bytes(folder) < _bytes(whole / name)
    command = [sys.executable, "-W", "error", str(SCRIPT), str(tmp_path / "pruned")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("persopt") is False
    assert found == {
        name: {"difference": 0.0, "complaints": 0, "parameters": count} for name, count in parameters.items()
    }
