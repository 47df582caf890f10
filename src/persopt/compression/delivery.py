"""The chosen model, ready to be used: its files, a manifest that names the original, and an example that runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import msgspec

from persopt.domain.compress_specs import CompressSpec
from persopt.domain.recipes import Recipe
from persopt.models.manifest import MANIFEST_FILE, Manifest, Source, has_manifest, read_manifest
from persopt.models.onnx_folders import MODEL_FILE

__all__ = ("EXAMPLE_FILE", "RECIPE_FILE", "format_of", "put_model")

EXAMPLE_FILE: Final = "example.py"
RECIPE_FILE: Final = "recipe.json"

_CLASSIFIES: Final = frozenset({"text-classification"})

_ONNX: Final = '''"""Runs this model with ONNX Runtime alone: python example.py"""

from pathlib import Path

import onnxruntime
from transformers import AutoConfig, AutoTokenizer

folder = Path(__file__).resolve().parent
session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
inputs = AutoTokenizer.from_pretrained(folder)(["one text", "another"], padding=True, return_tensors="np")
names = {one.name for one in session.get_inputs()}
given = {name: inputs.get(name, 0 * inputs["input_ids"]) for name in names}
(logits,) = session.run(["logits"], given)
print([AutoConfig.from_pretrained(folder).id2label[int(best)] for best in logits.argmax(-1)])
'''

_TORCH: Final = '''"""Runs this model with Transformers: python example.py"""

from pathlib import Path

from transformers import AutoModelForSequenceClassification, AutoTokenizer

folder = Path(__file__).resolve().parent
model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
inputs = AutoTokenizer.from_pretrained(folder)(["one text", "another"], padding=True, return_tensors="pt")
print([model.config.id2label[int(best)] for best in model(**inputs).logits.argmax(-1)])
'''

_OPENVINO: Final = '''"""Runs this model with OpenVINO alone: python example.py"""

from pathlib import Path

import openvino
from transformers import AutoConfig, AutoTokenizer

folder = Path(__file__).resolve().parent
model = openvino.Core().compile_model(folder / "openvino_model.xml", "CPU")
inputs = AutoTokenizer.from_pretrained(folder)(["one text", "another"], padding=True, return_tensors="np")
names = [one.get_any_name() for one in model.inputs]
logits = model({name: inputs.get(name, 0 * inputs["input_ids"]) for name in names})["logits"]
print([AutoConfig.from_pretrained(folder).id2label[int(best)] for best in logits.argmax(-1)])
'''

_PERSOPT: Final = '''"""Runs this model by the backend that made it: python example.py"""

from pathlib import Path

import persopt

with persopt.load(Path(__file__).resolve().parent) as model:
    {call}
'''

_CALLS: Final = {
    "text-classification": 'print(model(["one text", "another"]).labels)',
    "token-classification": 'print(model.tag([["one", "sentence", "in", "words"]]))',
    "image-classification": 'print(model.labels)  # then: model(["image.png"]).labels',
}
_WRITES: Final = 'print(model.generate(["one text"], max_new_tokens=8))'


def put_model(source: Path, target: Path, spec: CompressSpec, recipe: Recipe, model_hash: str) -> str:
    """Copy a candidate's model into a folder, with a manifest that names the original, a recipe, and an example.

    Args:
        source: The candidate's folder.
        target: Exists.
        spec: Resolved.
        recipe: What was done.
        model_hash: Of the original.

    Returns:
        The form of the model: `safetensors`, `onnx`, ...
    """
    shutil.copytree(source, target, dirs_exist_ok=True)
    if has_manifest(target):
        manifest = read_manifest(target)
        named = msgspec.structs.replace(
            manifest,
            model=Source(path=spec.model_path, hash=model_hash),
            dataset=Source(path=spec.dataset_path),
            task=spec.task,
            notes=[f"recipe: {recipe}", *manifest.notes],
        )
        (target / MANIFEST_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(named), indent=2))
    (target / RECIPE_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(recipe), indent=2))
    (target / EXAMPLE_FILE).write_text(_example(target, spec.task or ""), "utf-8")
    return format_of(target)


def format_of(folder: Path) -> str:
    """Return the form of a model: that of its manifest, or `safetensors` of a checkpoint."""
    return read_manifest(folder).format if has_manifest(folder) else "safetensors"


def _example(folder: Path, task: str) -> str:
    call = _CALLS.get(task, _WRITES)
    plain = _PERSOPT.format(call=call)
    if task not in _CLASSIFIES:
        return plain
    if not has_manifest(folder):
        return _TORCH
    manifest: Manifest = read_manifest(folder)
    if manifest.format == "onnx" and (folder / MODEL_FILE).is_file():
        return _ONNX
    if manifest.format == "openvino" and (folder / "openvino_model.xml").is_file():
        return _OPENVINO
    return plain
