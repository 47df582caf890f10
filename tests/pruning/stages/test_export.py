"""The export at a pruning's end: complete, and what writes has a cache."""

from __future__ import annotations

from pathlib import Path

import pytest
import transformers

from persopt.pruning.stages.export import export_result
from persopt.ticker import Ticker
from tests.models.tiny import make_config, make_tokenizer

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_a_decoder_is_exported_with_its_cache_and_tokenizer(tmp_path: Path) -> None:
    part, tokenizer = tmp_path / "part", make_tokenizer("gpt2")
    transformers.GPT2LMHeadModel(make_config("gpt2", len(tokenizer))).save_pretrained(part)
    tokenizer.save_pretrained(part)
    export = export_result(part, tmp_path / "named", Ticker(lambda _: None, lambda: False))
    assert export.files == (export.file,) == (str(tmp_path / "named" / "onnx" / "model.onnx"),)
    assert "past_key_values.1.value" in export.inputs
    wanted = {"model.onnx", "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"}
    assert {item.name for item in (part / "onnx").iterdir()} == wanted
