"""`persopt prune` where the shape changes, from the words to a model that Transformers alone loads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from persopt.cli.prune import prune
from persopt.cli.prune_building import build_prune_spec
from persopt.domain.errors import InputError
from persopt.domain.prune_specs import PruneConfig, PruneSpec
from persopt.domain.structured import StructuredRatios
from persopt.domain.vocabularies import VocabularyOptions
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_registry
from persopt.plugins.registry import Registry
from persopt.settings import Settings
from tests.cli.commands import one_object, run_persopt
from tests.models.tiny import save_tiny

# What a stranger does with the result: no persopt in sight.
STRANGER = """
import json, sys
import torch
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging
logging.set_verbosity_error()
model, report = AutoModel.from_pretrained(sys.argv[1], output_loading_info=True)
inputs = AutoTokenizer.from_pretrained(sys.argv[1])(["good film", "the man saw"], return_tensors="pt", padding=True)
with torch.no_grad():
    hidden = model.eval()(**inputs).last_hidden_state
print(json.dumps({
    "width": hidden.shape[-1],
    "complaints": sum(len(report[kind]) for kind in ("missing_keys", "unexpected_keys", "mismatched_keys")),
    "parameters": sum(one.numel() for one in model.parameters()),
    "persopt": "persopt" in sys.modules,
}))
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(Settings(), BUILTIN_MODULES)


def build(registry: Registry, *words: str) -> PruneSpec:
    return build_prune_spec(prune.make_context("prune", list(words)).params, registry)


def test_words_and_python_give_the_same_spec(registry: Registry) -> None:
    from persopt.api.spec_building import build_config_spec

    words = "m o --structured true --heads 0.25 --feed-forward 0.5 --keep-layers 0,2 --multiple-of 8 --export onnx"
    more = "--vocabulary --vocabulary-min-count 2 --vocabulary-token a --vocabulary-token b --measure-latency false"
    expected = PruneSpec(
        model_path="m",
        output_path="o",
        dataset_path="d.csv",
        config=PruneConfig(
            structured=True,
            ratios=StructuredRatios(heads=0.25, feed_forward=0.5),
            keep_layers=[0, 2],
            multiple_of=8,
            vocabulary=VocabularyOptions(min_count=2, keep_tokens=["a", "b"]),
        ),
        export="onnx",
        measure_latency=False,
    )
    assert build(registry, *words.split(), *more.split(), "--data", "d.csv") == expected
    options = {
        "structured": True,
        "ratios": {"heads": 0.25, "feedForward": 0.5},
        "keep_layers": [0, 2],
        "multiple_of": 8,
        "vocabulary": VocabularyOptions(min_count=2, keep_tokens=["a", "b"]),
        "export": "onnx",
        "measure_latency": False,
    }
    assert build_config_spec(PruneSpec, "m", "o", "d.csv", None, options) == expected
    assert build(registry, "m", "o", "--vocabulary").config.vocabulary == VocabularyOptions()
    with pytest.raises(InputError, match=r"config.ratios.heads: expected a number .* got '2'"):
        build(registry, "m", "o", "--heads", "2")


def test_the_command_gives_a_smaller_model_that_needs_no_persopt(tmp_path: Path) -> None:
    model = save_tiny(tmp_path / "bert")
    (tmp_path / "texts.txt").write_text("good film\nthe man saw the good dog\n", "utf-8")
    words = ("--structured", "true", "--sparsity", "0.5", "--vocabulary", "--data", str(tmp_path / "texts.txt"))
    done = run_persopt("prune", str(model), "out", *words, "--measure-latency", "false", "--json")
    assert done.returncode == 0, done.stderr
    result = one_object(done)["result"]
    assert result["vocabulary"]["rowsAfter"] < result["vocabulary"]["rowsBefore"]
    assert not [item for item in tmp_path.iterdir() if item.name.endswith(".part")]
    command = [sys.executable, "-W", "error", "-c", STRANGER, str(tmp_path / "out")]
    stranger = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert stranger.returncode == 0, stranger.stderr
    found = json.loads(stranger.stdout)
    assert found == {"width": 16, "complaints": 0, "parameters": result["after"]["parameters"], "persopt": False}
    shown = run_persopt("jobs", "show", one_object(done)["id"])
    for text in ("tokens", "num_attention_heads 1", "trimmed to the texts"):
        assert text in shown.stdout
