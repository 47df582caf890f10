"""Tiny models of several architectures with random weights, and inputs for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import transformers as tf

__all__ = ("FAMILIES", "make_inputs", "make_model")

_ENCODER: dict[str, Any] = {
    "vocab_size": 60,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}
_DISTILBERT: dict[str, Any] = {"vocab_size": 60, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
_GPT2: dict[str, Any] = {
    "vocab_size": 60,
    "n_embd": 32,
    "n_layer": 2,
    "n_head": 4,
    "n_positions": 32,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_LLAMA: dict[str, Any] = {**_ENCODER, "num_key_value_heads": 2, "head_dim": 8, "bos_token_id": 1, "eos_token_id": 2}
_T5: dict[str, Any] = {
    "vocab_size": 60,
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 64,
    "num_layers": 1,
    "num_heads": 4,
    "decoder_start_token_id": 0,
}


def make_model(family: str, seed: int = 0) -> Any:
    """Return a model in evaluation mode whose norms are not all ones."""
    torch.manual_seed(seed)
    model = _MAKERS[family]().eval()
    with torch.no_grad():
        for value in model.parameters():
            value.add_(torch.randn_like(value) * 0.05)
    return model


def make_inputs(family: str, rows: int = 3, seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
    """Return a batch for a model, as a runner takes it."""
    chance = np.random.default_rng(seed)
    if family == "vit":
        return {"pixel_values": chance.normal(size=(rows, 3, 16, 16)).astype(np.float32)}
    inputs = {"input_ids": chance.integers(3, 60, (rows, 7)), "attention_mask": np.ones((rows, 7), np.int64)}
    return inputs | ({"decoder_input_ids": chance.integers(3, 60, (rows, 5))} if "t5" in family else {})


def _make_vit() -> Any:
    fields = {name: value for name, value in _ENCODER.items() if name != "vocab_size"}
    size: dict[str, Any] = {"image_size": 16, "patch_size": 8}
    return tf.ViTForImageClassification(tf.ViTConfig(**fields, **size))


_MAKERS: Mapping[str, Callable[[], Any]] = {
    "bert": lambda: tf.BertForSequenceClassification(tf.BertConfig(**_ENCODER)),
    "roberta": lambda: tf.RobertaForSequenceClassification(tf.RobertaConfig(**_ENCODER)),
    "distilbert": lambda: tf.DistilBertForSequenceClassification(tf.DistilBertConfig(**_DISTILBERT)),
    "gpt2": lambda: tf.GPT2LMHeadModel(tf.GPT2Config(**_GPT2)),
    "llama": lambda: tf.LlamaForCausalLM(tf.LlamaConfig(**_LLAMA)),
    "gemma": lambda: tf.GemmaForCausalLM(tf.GemmaConfig(**_LLAMA)),
    "t5": lambda: tf.T5ForConditionalGeneration(tf.T5Config(**_T5)),
    "gated-t5": lambda: tf.MT5ForConditionalGeneration(tf.MT5Config(**_T5)),
    "vit": _make_vit,
}
FAMILIES = tuple(_MAKERS)
