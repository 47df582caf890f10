"""A stranger's script: loads checkpoints with Transformers alone and looks whether they give what was noted."""

import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file
from transformers.utils import logging

logging.set_verbosity_error()  # type: ignore[no-untyped-call]
results: dict[str, object] = {}
for folder in sorted(item for item in Path(sys.argv[1]).iterdir() if item.is_dir()):
    auto = getattr(transformers, (folder / "auto.txt").read_text())
    model, report = auto.from_pretrained(folder, output_loading_info=True)
    noted = load_file(folder / "noted.safetensors")
    logits = noted.pop("logits")
    with torch.no_grad():
        found = model.eval()(**noted).logits
    results[folder.name] = {
        "difference": float((found - logits).abs().max()),
        "complaints": sum(len(report[kind]) for kind in ("missing_keys", "unexpected_keys", "mismatched_keys")),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
results["persopt"] = "persopt" in sys.modules
sys.stdout.write(json.dumps(results))
