"""Tiny models of every architecture, and where their units lie, told apart from what persopt knows of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from torch import Tensor

t: Any = transformers  # its types leave out the fields of base classes

HIDDEN, HEADS, HEAD, NEURONS, LAYERS = 24, 4, 6, 20, 3

_BERT = {
    "vocab_size": 40,
    "hidden_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "intermediate_size": NEURONS,
    "max_position_embeddings": 24,
    "num_labels": 3,
}
_T5 = {
    "vocab_size": 40,
    "d_model": HIDDEN,
    "d_kv": HEAD,
    "d_ff": NEURONS,
    "num_layers": LAYERS,
    "num_heads": HEADS,
    "decoder_start_token_id": 0,
}
_LLAMA = {
    "vocab_size": 40,
    "hidden_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": 2,
    "head_dim": HEAD,
    "intermediate_size": NEURONS,
    "max_position_embeddings": 24,
    "pad_token_id": 0,
}


@dataclass(frozen=True)
class Architecture:
    """A tiny model and the names of its parts.

    `attentions`: by name in a layer: queries, keys, values, output. `extra`: modules beside the layers whose
    rows are of their own and what reads them. `readers`: what reads the hidden state beside them. `tied`: the
    width is heads times the size of a head. `auto`: the class a stranger loads it with. `doubled`: what becomes of
    the outputs when a copied half of the hidden state is cut, where they read it twice, being tied to embeddings.
    """

    build: Callable[[], Any]
    stacks: tuple[str, ...]
    attentions: tuple[tuple[str, str, str, str], ...]
    up: tuple[str, ...]
    down: tuple[str, ...]
    auto: str
    extra: tuple[tuple[str, str], ...] = ()
    readers: tuple[str, ...] = ()
    tied: bool = False
    shared: bool = False
    grouped: int = 1
    doubled: float = 1.0


_BERT_ATTENTION = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
)


def _t5(path: str) -> tuple[str, str, str, str]:
    return f"{path}.q", f"{path}.k", f"{path}.v", f"{path}.o"


_T5_PARTS: dict[str, Any] = {
    "stacks": ("encoder.block", "decoder.block"),
    "attentions": (_t5("layer.0.SelfAttention"), _t5("layer.1.EncDecAttention")),
    "down": ("layer.1.DenseReluDense.wo", "layer.2.DenseReluDense.wo"),
    "auto": "AutoModelForSeq2SeqLM",
}
_LLAMA_PARTS: dict[str, Any] = {
    "stacks": ("model.layers",),
    "attentions": (("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"),),
    "up": ("mlp.up_proj", "mlp.gate_proj"),
    "down": ("mlp.down_proj",),
    "grouped": 2,
}


def _bert(prefix: str, build: Callable[[], Any], auto: str, **more: Any) -> Architecture:
    return Architecture(
        build=build,
        stacks=(f"{prefix}.encoder.layer",),
        attentions=(_BERT_ATTENTION,),
        up=("intermediate.dense",),
        down=(".output.dense",),
        auto=auto,
        tied=True,
        **more,
    )


ARCHITECTURES: dict[str, Architecture] = {
    "bert": _bert(
        "bert",
        lambda: t.BertForSequenceClassification(t.BertConfig(**_BERT)),
        "AutoModelForSequenceClassification",
        extra=(("bert.pooler.dense", "classifier"),),
    ),
    "roberta": _bert(
        "roberta",
        lambda: t.RobertaForSequenceClassification(t.RobertaConfig(**_BERT)),
        "AutoModelForSequenceClassification",
        extra=(("classifier.dense", "classifier.out_proj"),),
    ),
    "xlm-roberta": _bert(
        "roberta",
        lambda: t.XLMRobertaForTokenClassification(t.XLMRobertaConfig(**_BERT)),
        "AutoModelForTokenClassification",
        readers=("classifier",),
    ),
    "distilbert": Architecture(
        build=lambda: t.DistilBertForSequenceClassification(
            t.DistilBertConfig(
                vocab_size=40,
                dim=HIDDEN,
                n_layers=LAYERS,
                n_heads=HEADS,
                hidden_dim=NEURONS,
                max_position_embeddings=24,
                num_labels=3,
            )
        ),
        stacks=("distilbert.transformer.layer",),
        attentions=(("attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"),),
        up=("ffn.lin1",),
        down=("ffn.lin2",),
        auto="AutoModelForSequenceClassification",
        extra=(("pre_classifier", "classifier"),),
        tied=True,
    ),
    "albert": Architecture(
        build=lambda: t.AlbertForSequenceClassification(
            t.AlbertConfig(**_BERT, embedding_size=16, classifier_dropout_prob=0.0)
        ),
        stacks=("albert.encoder.albert_layer_groups.0.albert_layers",),
        attentions=(("attention.query", "attention.key", "attention.value", "attention.dense"),),
        up=(".ffn",),
        down=("ffn_output",),
        auto="AutoModelForSequenceClassification",
        extra=(("albert.pooler", "classifier"),),
        tied=True,
        shared=True,
    ),
    "gpt2": Architecture(
        build=lambda: t.GPT2ForSequenceClassification(
            t.GPT2Config(
                vocab_size=40,
                n_embd=HIDDEN,
                n_layer=LAYERS,
                n_head=HEADS,
                n_inner=NEURONS,
                n_positions=24,
                num_labels=3,
                pad_token_id=0,
                bos_token_id=1,
                eos_token_id=1,
            )
        ),
        stacks=("transformer.h",),
        attentions=(("attn.c_attn", "attn.c_attn", "attn.c_attn", "attn.c_proj"),),
        up=("mlp.c_fc",),
        down=("mlp.c_proj",),
        auto="AutoModelForSequenceClassification",
        readers=("score",),
        tied=True,
    ),
    "llama": Architecture(
        build=lambda: t.LlamaForCausalLM(t.LlamaConfig(**_LLAMA)),
        auto="AutoModelForCausalLM",
        readers=("lm_head",),
        **_LLAMA_PARTS,
    ),
    "qwen2": Architecture(
        build=lambda: t.Qwen2ForSequenceClassification(t.Qwen2Config(**_LLAMA, num_labels=3)),
        auto="AutoModelForSequenceClassification",
        readers=("score",),
        **_LLAMA_PARTS,
    ),
    "t5": Architecture(
        build=lambda: t.T5ForConditionalGeneration(t.T5Config(**_T5)),
        up=("DenseReluDense.wi",),
        doubled=0.5 * 2**0.5,  # and its outputs are divided by the root of the width
        **_T5_PARTS,
    ),
    "mt5": Architecture(
        build=lambda: t.MT5ForConditionalGeneration(t.MT5Config(**_T5)),
        up=("DenseReluDense.wi_0", "DenseReluDense.wi_1"),
        doubled=0.5,
        **_T5_PARTS,
    ),
    "vit": Architecture(
        build=lambda: t.ViTForImageClassification(
            t.ViTConfig(
                hidden_size=HIDDEN,
                num_hidden_layers=LAYERS,
                num_attention_heads=HEADS,
                intermediate_size=NEURONS,
                image_size=8,
                patch_size=4,
                num_labels=3,
            )
        ),
        stacks=("vit.layers",),
        attentions=(("attention.q_proj", "attention.k_proj", "attention.v_proj", "attention.o_proj"),),
        up=("mlp.fc1",),
        down=("mlp.fc2",),
        auto="AutoModelForImageClassification",
        readers=("classifier",),
    ),
}


def build(name: str) -> Any:
    """Return the model, in evaluation mode, with weights large enough to matter."""
    torch.manual_seed(7)
    model = ARCHITECTURES[name].build().eval()
    with torch.no_grad():
        for path, parameter in model.named_parameters():
            if "norm" not in path.lower() and ".ln_" not in path:
                parameter.copy_(torch.randn(parameter.shape) * 0.3)
    return model


def inputs_for(model: Any) -> dict[str, Tensor]:
    """Return a small batch, always the same; text ends in padding."""
    chance = torch.Generator().manual_seed(3)
    if model.config.model_type == "vit":
        return {"pixel_values": torch.randn(2, 3, 8, 8, generator=chance)}
    tokens = torch.randint(4, 40, (2, 9), generator=chance)
    mask = torch.ones_like(tokens)
    mask[0, 6:] = 0
    inputs = {"input_ids": tokens, "attention_mask": mask}
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.randint(4, 40, (2, 5), generator=chance)
    return inputs


def logits_of(model: Any) -> Tensor:
    with torch.no_grad():
        logits: Tensor = model(**inputs_for(model)).logits
    return logits


@dataclass(frozen=True)
class Linear:
    """A linear module's weights with outputs first, whichever way they lie, and as views."""

    path: str
    weight: Tensor
    bias: Tensor | None

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        return (self.weight,) if self.bias is None else (self.weight, self.bias)


def linear(model: Any, path: str, third: int | None = None) -> Linear:
    """Return a linear module, or (GPT-2) the given third of one that makes three things."""
    module = model.get_submodule(path)
    weight, bias = module.weight.data, None if module.bias is None else module.bias.data
    if type(module).__name__ == "Conv1D":
        weight = weight.T
    if weight.dim() == 4:
        weight = weight.flatten(1)
    if third is not None and path.endswith("c_attn"):
        weight, bias = weight.chunk(3)[third], None if bias is None else bias.chunk(3)[third]
    return Linear(path, weight, bias)


def layers_of(model: Any, name: str) -> Iterator[str]:
    for stack in ARCHITECTURES[name].stacks:
        yield from (f"{stack}.{number}" for number in range(len(model.get_submodule(stack))))


def attentions_of(model: Any, name: str, layer: str) -> Iterator[tuple[Linear, Linear, Linear, Linear]]:
    paths = {path for path, _ in model.named_modules()}
    for query, key, value, output in ARCHITECTURES[name].attentions:
        if f"{layer}.{output}" in paths:
            three = [linear(model, f"{layer}.{part}", n) for n, part in enumerate((query, key, value))]
            yield three[0], three[1], three[2], linear(model, f"{layer}.{output}")


def feed_forward_of(model: Any, name: str, layer: str) -> tuple[list[Linear], Linear]:
    paths = [path for path, _ in model.named_modules() if path.startswith(f"{layer}.")]
    ups = [path for path in paths if path.endswith(ARCHITECTURES[name].up)]
    downs = [path for path in paths if path.endswith(ARCHITECTURES[name].down) and "attention" not in path.lower()]
    return [linear(model, path) for path in ups], linear(model, downs[0])
