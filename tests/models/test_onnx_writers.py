"""ONNX of models that write: the cache changes nothing, and ONNX Runtime writes what PyTorch writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import pytest
import torch
import transformers

from persopt.domain.errors import ModelError
from persopt.models.generation import load_generation_config, write_greedily
from persopt.models.onnx_export import export_onnx
from persopt.models.onnx_export.cached import check_steps
from persopt.models.onnx_export.kinds import find_kind
from persopt.models.runners import open_runner
from persopt.plugins.registry import Registry

t: Any = transformers  # its types leave out the fields of base classes

WORDS: Final = {"vocab_size": 50, "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}
LLAMA: Final = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 64,
}
T5: Final = {"d_model": 32, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": 0}
BART: Final = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "max_position_embeddings": 64,
}
DECODERS: Final = {
    "gpt2": lambda: t.GPT2LMHeadModel(t.GPT2Config(**WORDS, n_embd=32, n_layer=2, n_head=4, n_positions=64)),
    "llama": lambda: t.LlamaForCausalLM(t.LlamaConfig(**WORDS, **LLAMA)),
    "qwen3": lambda: t.Qwen3ForCausalLM(t.Qwen3Config(**WORDS, **LLAMA, head_dim=8)),
}
ENCODER_DECODERS: Final = {
    "t5": lambda: t.T5ForConditionalGeneration(t.T5Config(**WORDS, **T5)),
    "mbart": lambda: t.MBartForConditionalGeneration(t.MBartConfig(**WORDS, **BART, forced_eos_token_id=1)),
    "marian": lambda: t.MarianMTModel(t.MarianConfig(**WORDS, **BART, decoder_start_token_id=0)),
}


def _make(make: Any) -> Any:
    """Return a model with large weights that writes no token twice, so that each choice depends on the text."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = make().eval()
        for parameter in model.parameters():
            parameter.data.normal_(0, 0.4)
    model.generation_config.no_repeat_ngram_size = 1
    return model


def _write(model: Any, folder: Path, kind: Any) -> tuple[Any, Any]:
    """Return what ONNX Runtime and PyTorch write for the same prompts of several lengths."""
    chance = np.random.default_rng(0)
    tokens = chance.integers(3, 50, (3, 6))
    mask = np.ones_like(tokens)
    hidden = slice(0, 2) if kind == "next" else slice(4, 6)
    mask[1, hidden] = tokens[1, hidden] = 0
    inputs = {"input_ids": tokens, "attention_mask": mask}
    with open_runner(folder, Registry(), threads=1) as opened:
        settings = load_generation_config(folder, opened.config)
        found = write_greedily(opened.runner, inputs, settings, kind=kind, max_new_tokens=12)
    given = {name: torch.from_numpy(value) for name, value in inputs.items()}
    expected = model.generate(**given, do_sample=False, num_beams=1, max_new_tokens=12)
    return found, expected.numpy()


@pytest.mark.parametrize("name", DECODERS)
def test_a_decoder_with_a_cache_writes_what_pytorch_writes(name: str, tmp_path: Path) -> None:
    model = _make(DECODERS[name])
    export = export_onnx(model, tmp_path / "onnx", cache=True)
    assert export.largest_difference < 1e-4
    assert export.files == (export.file,)
    assert export.inputs[:2] == ("input_ids", "attention_mask")
    assert export.inputs[-1] == "past_key_values.1.value"
    assert export.outputs == ("logits", "present.0.key", "present.0.value", "present.1.key", "present.1.value")
    found, expected = _write(model, tmp_path / "onnx", "next")
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(found[:, 6:])) > 3


@pytest.mark.parametrize("name", ENCODER_DECODERS)
def test_an_encoder_decoder_writes_what_pytorch_writes(name: str, tmp_path: Path) -> None:
    model = _make(ENCODER_DECODERS[name])
    export = export_onnx(model, tmp_path / "onnx")
    names = ["encoder_model.onnx", "decoder_model.onnx", "decoder_with_past_model.onnx"]
    assert [Path(file).name for file in export.files] == names
    beside = ["config.json", "generation_config.json"]
    assert sorted(item.name for item in (tmp_path / "onnx").iterdir()) == sorted(names + beside)
    graph = onnx.load(export.files[2]).graph
    taken, given = {item.name for item in graph.input}, {item.name for item in graph.output}
    kinds = ("key", "value")
    own = {f"{layer}.decoder.{kind}" for layer in (0, 1) for kind in kinds}
    cross = {f"{layer}.encoder.{kind}" for layer in (0, 1) for kind in kinds}
    pasts = {f"past_key_values.{name}" for name in own | cross}
    assert taken == {"input_ids", "encoder_attention_mask"} | pasts, "as Optimum names them"
    assert given == {"logits"} | {f"present.{name}" for name in own}
    sides = [f"present.{layer}.{side}.{kind}" for layer in (0, 1) for side in ("decoder", "encoder") for kind in kinds]
    assert [item.name for item in onnx.load(export.files[1]).graph.output] == ["logits", *sides], "in Optimum's order"
    found, expected = _write(model, tmp_path / "onnx", "target")
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(found)) > 3


def test_a_decoder_without_a_cache_writes_the_same_by_running_all_again(tmp_path: Path) -> None:
    model = _make(DECODERS["gpt2"])
    export = export_onnx(model, tmp_path / "onnx", exporter="torchscript")
    assert (export.inputs, export.outputs) == (("input_ids", "attention_mask"), ("logits",))
    model.generation_config.save_pretrained(tmp_path / "onnx")
    with open_runner(tmp_path / "onnx", Registry(), threads=1) as opened:
        prompt = {"input_ids": np.array([[5, 6, 7]])}
        settings = load_generation_config(tmp_path / "onnx", opened.config)
        found = write_greedily(opened.runner, prompt, settings, kind="next", max_new_tokens=5)
    expected = model.generate(torch.tensor([[5, 6, 7]]), do_sample=False, max_new_tokens=5)
    np.testing.assert_array_equal(found, expected.numpy())


def test_an_encoder_with_a_language_models_head_has_no_cache() -> None:
    sizes = {name: LLAMA[name] for name in LLAMA if name != "num_key_value_heads"}
    assert find_kind(t.BertLMHeadModel, t.BertConfig(**WORDS, **sizes), cache=True) == "plain"
    assert find_kind(t.BertLMHeadModel, t.BertConfig(**WORDS, **sizes, is_decoder=True), cache=True) == "cached"
    assert find_kind(t.GPT2ForSequenceClassification, t.GPT2Config(), cache=True) == "plain"
    assert find_kind(t.GPT2LMHeadModel, t.GPT2Config(), cache=False) == "plain"


def test_rules_of_writing_are_kept_to(tmp_path: Path) -> None:
    model = _make(DECODERS["llama"])
    rules = {"repetition_penalty": 1.3, "no_repeat_ngram_size": 2, "min_new_tokens": 4, "bad_words_ids": [[7], [9]]}
    model.generation_config.update(**rules)
    export_onnx(model, tmp_path / "onnx", cache=True)
    found, expected = _write(model, tmp_path / "onnx", "next")
    np.testing.assert_array_equal(found, expected)


def test_a_cache_that_is_wrong_is_noticed(tmp_path: Path) -> None:
    model = _make(DECODERS["gpt2"])
    export = export_onnx(model, tmp_path / "onnx", cache=True)
    graph = onnx.load(export.file)
    for output in graph.graph.output:  # present keys and values of layer 0 in each other's place
        output.name = {"present.0.key": "present.0.value", "present.0.value": "present.0.key"}.get(
            output.name, output.name
        )
    for node in graph.graph.node:
        swapped = {"present.0.key": "present.0.value", "present.0.value": "present.0.key"}
        node.output[:] = [swapped.get(name, name) for name in node.output]
        node.input[:] = [swapped.get(name, name) for name in node.input]
    onnx.save(graph, export.file)

    class Named:
        file = "model.onnx"

    graphs: Any = [Named]
    with pytest.raises(ModelError, match="ONNX gives other logits than PyTorch"):
        check_steps(model, tmp_path / "onnx", graphs, 1e-4)
