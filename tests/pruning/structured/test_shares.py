"""One sparsity becomes ratios: held against the weights of models that were really cut."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers
from transformers.pytorch_utils import Conv1D

from persopt.domain.errors import InputError
from persopt.domain.structured import StructuredRatios
from persopt.pruning.structured.prune import prune_structured
from persopt.pruning.structured.shares import choose_ratios, count_prunable
from tests.pruning.structured.architectures import ARCHITECTURES, build

t: Any = transformers  # its types leave out the fields of base classes

_BERT = {"vocab_size": 50, "hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 12}
_LLAMA = _BERT | {"head_dim": 8}


def weights_in_layers(model: Any, name: str) -> int:
    """Count the weights of linear layers inside the stacks of layers, module by module."""
    stacks = [model.get_submodule(path) for path in ARCHITECTURES[name].stacks]
    return sum(
        module.weight.numel()
        for stack in stacks
        for module in stack.modules()
        if isinstance(module, torch.nn.Linear | Conv1D)
    )


@pytest.mark.parametrize("name", ["bert", "distilbert", "gpt2", "llama", "t5", "vit"])
def test_the_share_is_reached_as_near_as_units_allow(name: str) -> None:
    model = build(name)
    before = weights_in_layers(model, name)
    ratios = choose_ratios(model.config, type(model), 0.5)
    prunable = count_prunable(model.config, type(model))
    prune_structured(model, lambda _, weight: weight.abs(), ratios)
    assert prunable - before in (0, model.config.hidden_size * 48 if name == "vit" else 0)  # ViT's patches
    # A neuron of all layers is the unit with which the rest is filled.
    neuron = before / 20
    assert abs(weights_in_layers(model, name) / before - 0.5) <= max(neuron / before, 0.06)


@pytest.mark.parametrize("sparsity", [0.1, 0.3, 0.5, 0.75, 0.9])
@pytest.mark.parametrize("multiple", [1, 8])
def test_heads_and_width_go_together_where_a_configuration_cannot_say_heads_alone(
    sparsity: float, multiple: int
) -> None:
    config = t.BertConfig(**_BERT, intermediate_size=384)
    ratios = choose_ratios(config, t.BertModel, sparsity, multiple_of=multiple)
    assert ratios.heads == ratios.hidden
    assert ratios.layers == 0
    total = 2 * (4 * 96 * 96 + 2 * 96 * 384)
    heads, width = round(12 * (1 - ratios.heads)), round(96 * (1 - ratios.hidden))
    neurons = round(384 * (1 - ratios.feed_forward))
    assert (width, neurons % multiple) == (8 * heads, 0)
    left = 2 * (4 * width * width + 2 * width * neurons)
    assert count_prunable(config, t.BertModel, ratios, multiple) == left
    assert abs(left / total - (1 - sparsity)) <= 2 * 2 * width * multiple / total
    share = 1 - (1 - sparsity) ** 0.5
    assert abs(ratios.heads - share) <= 1 / 12


def test_heads_and_neurons_go_alike_where_they_can() -> None:
    config = t.LlamaConfig(**_LLAMA, num_key_value_heads=4, intermediate_size=192)
    assert choose_ratios(config, t.LlamaModel, 0.5) == StructuredRatios(heads=0.5, feed_forward=0.5)
    # 3 of 4 groups are 9 heads, of which 96 channels are no multiple: 2 groups or all, and neurons fill the rest.
    ratios = choose_ratios(config, t.LlamaModel, 0.25)
    total = count_prunable(config, t.LlamaModel)
    assert ratios.heads in (0, 0.5)
    assert count_prunable(config, t.LlamaModel, ratios) / total == pytest.approx(0.75, abs=0.005)


def test_a_share_below_one_neuron_is_refused() -> None:
    with pytest.raises(InputError, match=r"config.sparsity: 0.0001 of the heads and neurons .* less than one of each"):
        choose_ratios(t.BertConfig(**_BERT, intermediate_size=384), t.BertModel, 0.0001)
