"""Which weights are pruned, held against the modules of real architectures."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import torch

from persopt.domain.prune_specs import PruneConfig
from persopt.models.headers import TensorHeader
from persopt.pruning.selection import check_selection, select_tensors

ARCHITECTURES = (
    "AlbertForPreTraining",
    "BartForConditionalGeneration",
    "BertForPreTraining",
    "BertForTokenClassification",
    "DebertaV2ForMaskedLM",
    "DistilBertForMaskedLM",
    "DistilBertForSequenceClassification",
    "ElectraForPreTraining",
    "GPT2ForSequenceClassification",
    "GPT2LMHeadModel",
    "GPTNeoXForCausalLM",
    "LlamaForCausalLM",
    "MPNetForMaskedLM",
    "ModernBertForMaskedLM",
    "OPTForCausalLM",
    "OpenAIGPTLMHeadModel",
    "Qwen2ForCausalLM",
    "RobertaForSequenceClassification",
    "T5ForConditionalGeneration",
    "WhisperForConditionalGeneration",
    "XLNetForSequenceClassification",
)
# What a task or a language model puts on top of the body: the word before the layer, or the layer.
HEADS = ("cls", "classifier", "decoder", "head", "lm_head", "pooler", "predictions", "proj_out", "score")
MORE_HEADS = ("discriminator_predictions", "embed_out", "logits_proj", "pre_classifier", "sequence_summary")
MORE = ("sop_classifier", "vocab_projector", "vocab_transform")


def headers(names_and_shapes: dict[str, tuple[int, ...]], dtype: str = "F32") -> list[TensorHeader]:
    return [TensorHeader(name, dtype, shape, 0) for name, shape in names_and_shapes.items()]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_linear_layers_of_a_body_are_chosen_and_nothing_else(architecture: str) -> None:
    transformers: Any = importlib.import_module("transformers")
    model_class = getattr(transformers, architecture)
    config = model_class.config_class(num_hidden_layers=2)
    with torch.device("meta"):
        model = model_class(config)
    conv1d = importlib.import_module("transformers.pytorch_utils").Conv1D
    shapes = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    chosen = {one.name: one for one in select_tensors(headers(shapes), config.model_type)}
    linear = {
        f"{name}.weight": module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear | torch.nn.Conv1d | conv1d)
    }
    assert set(chosen) <= set(linear)
    left = {name for name in linear if name in shapes} - set(chosen)
    odd = {name for name in left if not set(name.split(".")[:-1]) & {*HEADS, *MORE_HEADS, *MORE}}
    assert odd == set()
    assert len(chosen) >= 4  # of XLNet the feed-forward layers: its attention is no linear layer
    for name, one in chosen.items():
        assert one.transposed is isinstance(linear[name], conv1d), name
        if isinstance(linear[name], torch.nn.Linear):
            assert (one.outputs, one.inputs) == (linear[name].out_features, linear[name].in_features)


BERT = {
    "embeddings.word_embeddings.weight": (100, 8),
    "encoder.layer.0.attention.self.query.weight": (8, 8),
    "encoder.layer.0.attention.self.query.bias": (8,),
    "encoder.layer.1.output.dense.weight": (8, 6),
    "classifier.weight": (2, 8),
}


def names(include: list[str] | None = None, exclude: list[str] | None = None) -> list[str]:
    return [one.name for one in select_tensors(headers(BERT), "bert", include or [], exclude or [])]


def test_patterns_name_tensors_or_layers() -> None:
    query, dense = "encoder.layer.0.attention.self.query.weight", "encoder.layer.1.output.dense.weight"
    assert names() == [query, dense]
    assert names(exclude=["encoder.layer.1.*"]) == [query]
    assert names(include=["*.dense"]) == [dense]
    assert names(include=["classifier", "encoder.*"], exclude=["*.query"]) == [dense, "classifier.weight"]


def test_biases_and_whole_numbers_are_never_chosen() -> None:
    assert "encoder.layer.0.attention.self.query.bias" not in names(include=["*"])
    assert select_tensors(headers(BERT, "I64"), "bert", ["*"]) == []


def faults(**config: Any) -> list[str]:
    return [str(fault) for fault in check_selection(headers(BERT), "bert", PruneConfig(**config))]


def test_a_pattern_that_matches_nothing_is_told_with_the_nearest_name() -> None:
    (fault,) = faults(exclude=["classifer.weight"])
    assert fault.startswith("config.exclude[0]: 'classifer.weight' matches no weight of the model; did you mean 'cl")
    assert len(faults(include=["a"], exclude=["b"])) == 3  # and nothing is left


def test_a_selection_that_leaves_nothing_is_told() -> None:
    assert faults(exclude=["encoder.*"]) == ["config: no weight is left to prune: every layer is left out"]


def test_inputs_that_an_n_m_pattern_cannot_take_are_told() -> None:
    (fault,) = faults(pattern="2:4")
    assert fault.startswith("config.pattern: encoder.layer.1.output.dense.weight has 6 inputs, which is no multiple")
    assert faults(pattern="2:4", exclude=["*.dense"]) == []
