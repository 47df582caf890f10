from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from persopt.domain.errors import ModelError
from persopt_openvino.conversion import convert_checkpoint
from persopt_openvino.keeping import kept_operators, module_of


def _decoder() -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(GPT2Config(vocab_size=60, n_positions=40, n_embd=32, n_layer=1, n_head=2))


def _encoder_decoder() -> Any:
    from transformers import T5Config, T5ForConditionalGeneration

    sizes: dict[str, Any] = {"vocab_size": 60, "d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 1, "num_heads": 2}
    return T5ForConditionalGeneration(T5Config(**sizes))


def _marian() -> Any:
    """Its logits are a sum, whose traced value OpenVINO names by a number too."""
    from transformers import MarianConfig, MarianMTModel

    sizes: dict[str, Any] = {"vocab_size": 60, "d_model": 32, "encoder_layers": 1, "decoder_layers": 1}
    heads: dict[str, Any] = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    widths: dict[str, Any] = {"encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 40}
    return MarianMTModel(MarianConfig(**sizes, **heads, **widths, pad_token_id=59, decoder_start_token_id=59))


def _image_model() -> Any:
    from transformers import ViTConfig, ViTForImageClassification

    sizes: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 64,
    }
    return ViTForImageClassification(ViTConfig(**sizes, image_size=16, patch_size=8))


@pytest.mark.parametrize("make", [_decoder, _encoder_decoder, _marian, _image_model])
def test_other_kinds_of_models_are_converted_and_checked(make: Any, tmp_path: Path) -> None:
    make().save_pretrained(tmp_path)
    converted = convert_checkpoint(str(tmp_path))
    assert [output.get_names() for output in converted.outputs] == [{"logits"}]


def test_a_model_that_differs_is_refused(checkpoint: Path) -> None:
    with pytest.raises(ModelError, match="other logits in OpenVINO than in PyTorch"):
        convert_checkpoint(str(checkpoint), tolerance=0.0)


def test_kept_modules_are_found_by_name_and_by_what_holds_them(checkpoint: Path) -> None:
    model = convert_checkpoint(str(checkpoint))
    kept = kept_operators(model, ["bert.encoder.layer.1", "*.query"])
    modules = {module_of(name) for name in kept}
    assert "bert.encoder.layer.1.output.dense" in modules
    assert "bert.encoder.layer.0.attention.self.query" in modules
    assert "bert.encoder.layer.0.attention.self.key" not in modules
    assert "classifier" not in modules
    assert np.all([name.startswith("__module.") for name in kept])
