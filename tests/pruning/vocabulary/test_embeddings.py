from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.domain.errors import ModelError
from persopt.models.headers import find_weights, read_header
from persopt.models.loading import load_config
from persopt.models.quiet import quiet_transformers
from persopt.pruning.vocabulary.embeddings import copy_index, copy_tensors, find_token_axes, fixes_padding
from tests.pruning.vocabulary.checkpoints import save_checkpoint

EXPECTED = {
    "bert": {"bert.embeddings.word_embeddings.weight": 0, "cls.predictions.bias": 0},
    "gpt2": {"transformer.wte.weight": 0},
    "llama": {"lm_head.weight": 0, "model.embed_tokens.weight": 0},
    "t5": {"shared.weight": 0},
    "xlm-roberta": {"roberta.embeddings.word_embeddings.weight": 0},
    "mbart": {"final_logits_bias": 1, "model.shared.weight": 0},
}


def _find(folder: Path) -> dict[str, int]:
    config = load_config(folder)
    return find_token_axes(folder, config, config.vocab_size)


@pytest.mark.parametrize("kind", EXPECTED)
def test_the_tensors_with_a_place_for_each_token_are_found(kind: str, vocabulary_models: Callable[[str], Path]) -> None:
    assert _find(vocabulary_models(kind)) == EXPECTED[kind]


def test_other_sizes_that_equal_the_vocabulary_are_not_mistaken(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    folder = save_checkpoint(tmp_path / "one", "bert")
    size = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab_size()
    twin = save_checkpoint(tmp_path / "two", "bert", hidden_size=size, intermediate_size=size, type_vocab_size=size)
    assert _find(twin) == EXPECTED["bert"]


def test_a_body_saved_under_the_names_of_a_model_with_a_head_is_found(
    vocabulary_models: Callable[[str], Path], tmp_path: Path
) -> None:
    config = json.loads((vocabulary_models("bert") / "config.json").read_bytes())
    (tmp_path / "config.json").write_text(json.dumps(config | {"architectures": ["BertModel"]}))
    (tmp_path / "model.safetensors").write_bytes((vocabulary_models("bert") / "model.safetensors").read_bytes())
    assert _find(tmp_path) == EXPECTED["bert"]  # the head's bias is not of the architecture, and its size is clear
    (tmp_path / "config.json").write_text(
        json.dumps(config | {"architectures": ["BertModel"], "max_position_embeddings": config["vocab_size"]})
    )
    with pytest.raises(ModelError, match=r"cls\.predictions\.bias is not of the architecture"):
        _find(tmp_path)


def test_positions_count_from_the_padding_in_some_architectures(vocabulary_models: Callable[[str], Path]) -> None:
    found = {kind: fixes_padding(load_config(vocabulary_models(kind))) for kind in EXPECTED}
    assert found == dict.fromkeys(EXPECTED, False) | {"xlm-roberta": True}


@settings(max_examples=25)
@given(data=st.data())
def test_rows_are_copied_as_they_are(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("rows")
    rows = data.draw(st.lists(st.integers(0, 8), min_size=1, max_size=9, unique=True))
    dtype = data.draw(st.sampled_from([torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.float64]))
    tensors = {
        "first": torch.randn(9, 3).to(dtype),
        "second": torch.randn(4, 9, 2).to(dtype),
        "bias": torch.randn(9),
        "other": torch.randn(9, 9).to(dtype),
        "scalar": torch.tensor(2.0),
    }
    save_file(tensors, folder / "in.safetensors", metadata={"format": "pt", "note": "سلام"})
    copy_tensors(folder / "in.safetensors", folder / "out.safetensors", {"first": 0, "second": 1, "bias": 0}, rows)
    with safe_open(folder / "out.safetensors", "pt") as found:
        assert found.metadata() == {"format": "pt", "note": "سلام"}
        assert torch.equal(found.get_tensor("first"), tensors["first"][rows])
        assert torch.equal(found.get_tensor("second"), tensors["second"][:, rows])
        assert torch.equal(found.get_tensor("bias"), tensors["bias"][rows])
        assert torch.equal(found.get_tensor("other"), tensors["other"])
        assert found.get_tensor("scalar") == 2
    names = [tensor.name for tensor in read_header(folder / "in.safetensors")]
    assert [tensor.name for tensor in read_header(folder / "out.safetensors")] == names


def test_shards_stay_shards_with_a_true_index(vocabulary_models: Callable[[str], Path], tmp_path: Path) -> None:
    import importlib

    tf: Any = importlib.import_module("transformers")
    with quiet_transformers():
        model = tf.AutoModelForCausalLM.from_pretrained(vocabulary_models("llama"))
        model.save_pretrained(tmp_path / "in", max_shard_size="40KB")
    (tmp_path / "out").mkdir()
    axes = _find(tmp_path / "in")
    assert axes == EXPECTED["llama"]
    files = find_weights(tmp_path / "in")
    assert len(files) > 1
    for file in files:
        copy_tensors(file, tmp_path / "out" / file.name, axes, range(100))
    copy_index(tmp_path / "in", tmp_path / "out")
    written = find_weights(tmp_path / "out")
    index = json.loads((tmp_path / "out" / "model.safetensors.index.json").read_bytes())
    assert [file.name for file in written] == [file.name for file in files]
    tensors = [tensor for file in written for tensor in read_header(file)]
    assert index["metadata"]["total_size"] == sum(tensor.bytes for tensor in tensors)
    assert index["metadata"]["total_parameters"] == sum(tensor.count for tensor in tensors)
    config = load_config(tmp_path / "in")
    config.vocab_size = 100
    config.save_pretrained(tmp_path / "out")
    with quiet_transformers():
        again = tf.AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert again.lm_head.weight.equal(model.lm_head.weight[:100])


def test_weights_that_do_not_fit_the_configuration_are_refused(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path / "model", "gpt2")
    config = load_config(folder)
    config.vocab_size += 1
    with pytest.raises(ModelError, match=r"transformer\.wte\.weight has the shape \(900, 16\) where .* \(901, 16\)"):
        find_token_axes(folder, config, 901)
