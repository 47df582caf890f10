"""Pruned models on the disk: smaller, and loaded by plain Transformers in an interpreter without persopt."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import save_file

from persopt.models.saving import save_model
from persopt.pruning.structured import StructuredRatios
from persopt.pruning.structured.prune import prune_structured
from tests.pruning.structured.architectures import ARCHITECTURES, HIDDEN, build, inputs_for, logits_of

t: Any = transformers  # its types leave out the fields of base classes

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


@pytest.mark.parametrize(
    ("of", "head"),
    [
        ("bert", t.BertModel),
        ("bert", t.BertForMaskedLM),
        ("bert", t.BertForMultipleChoice),
        ("roberta", t.RobertaForMaskedLM),
        ("albert", t.AlbertForMaskedLM),
        ("gpt2", t.GPT2LMHeadModel),
        ("llama", t.LlamaForSequenceClassification),
        ("llama", t.LlamaModel),
        ("t5", t.T5EncoderModel),
        ("t5", t.T5ForSequenceClassification),
        ("mt5", t.MT5ForTokenClassification),
        ("vit", t.ViTModel),
    ],
)
def test_other_heads_are_never_cut_on_their_outputs(of: str, head: Any) -> None:
    config = build(of).config
    model = head(config).eval()
    ratios = StructuredRatios(heads=0.5, hidden=0.5, feed_forward=0.5, layers=0.5)
    prune_structured(model, lambda _, weight: weight.abs(), ratios)
    twin = head(type(config).from_dict(model.config.to_dict())).eval()
    twin.load_state_dict(model.state_dict(), strict=True)
    inputs = inputs_for(model)
    if head is t.BertForMultipleChoice:
        inputs = {name: value[:, None] for name, value in inputs.items()}
    if not config.is_encoder_decoder or head is t.MT5ForTokenClassification:
        inputs.pop("decoder_input_ids", None)
    if head is t.T5ForSequenceClassification:
        inputs = {"input_ids": torch.tensor([[7, 6, 5, 8, config.eos_token_id]])}
    with torch.no_grad():
        found, expected = model(**inputs)[0], twin(**inputs)[0]
    assert torch.equal(found, expected)
    assert found.shape[-1] in (1, config.num_labels, config.vocab_size if of != "vit" else 0, HIDDEN // 2)
