"""Units that do nothing: cutting them leaves every output as it was, whatever the architecture."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from persopt.pruning.structured import StructuredRatios
from persopt.pruning.structured.prune import prune_structured
from tests.pruning.structured.architectures import (
    ARCHITECTURES,
    HEAD,
    HEADS,
    HIDDEN,
    LAYERS,
    NEURONS,
    Linear,
    attentions_of,
    build,
    feed_forward_of,
    layers_of,
    linear,
    logits_of,
)

HALF = HIDDEN // 2


def _null_heads(model: Any, name: str) -> None:
    """Make a half of each attention's heads (or groups of them) zero, others in each layer where that may be."""
    architecture = ARCHITECTURES[name]
    for number, layer in enumerate(layers_of(model, name)):
        for query, key, value, output in attentions_of(model, name, layer):
            groups = HEADS // architecture.grouped
            same = name in ("t5", "mt5") or architecture.shared
            first = 0 if same else number % 2
            for group in range(first, groups, 2):
                rows = slice(group * HEAD * architecture.grouped, (group + 1) * HEAD * architecture.grouped)
                output.weight[:, rows] = 0
                for part, width in ((query, architecture.grouped), (key, 1), (value, 1)):
                    for tensor in part.tensors:
                        tensor[group * HEAD * width : (group + 1) * HEAD * width] = 0
    if name in ("t5", "mt5"):
        for stack in ARCHITECTURES[name].stacks:
            table = model.get_submodule(f"{stack}.0.layer.0.SelfAttention.relative_attention_bias")
            table.weight.data[:, ::2] = 0


def _null_neurons(model: Any, name: str) -> None:
    for number, layer in enumerate(layers_of(model, name)):
        ups, down = feed_forward_of(model, name, layer)
        neurons = torch.randperm(NEURONS, generator=torch.Generator().manual_seed(number))[: NEURONS // 2]
        down.weight[:, neurons] = 0
        for up in ups:
            for tensor in up.tensors:
                tensor[neurons] = 0


def _halve_heads(model: Any, name: str) -> None:
    """Make the second half of the channels of each head zero."""
    idle = torch.arange(HEADS * HEAD).reshape(HEADS, HEAD)[:, HEAD // 2 :].flatten()
    for layer in layers_of(model, name):
        for query, key, value, output in attentions_of(model, name, layer):
            output.weight[:, idle] = 0
            for part in (query, key, value):
                for tensor in part.tensors:
                    tensor[idle] = 0


def _double_hidden(model: Any, name: str) -> None:
    """Make the second half of the hidden state a copy of the first that nothing reads.

    Means and variances over both halves are those over one, so that norms do not notice the cut.
    """
    reads, writes = _readers_and_writers(model, name)
    for path, reader in ARCHITECTURES[name].extra:
        for tensor in (*linear(model, path).tensors, linear(model, reader).weight.T):
            tensor[HALF:] = 0
    for read in reads:
        read.weight[:, HALF:] = 0
    for write in writes:
        for tensor in write.tensors:
            tensor[HALF:] = tensor[:HALF]
    known = {part.path for part in (*reads, *writes)} | {reader for _, reader in ARCHITECTURES[name].extra}
    for path, parameter in model.named_parameters():
        if path.rpartition(".")[0] not in known and parameter.shape[-1] == HIDDEN:
            parameter.data[..., HALF:] = parameter.data[..., :HALF]  # embeddings and norms


def _readers_and_writers(model: Any, name: str) -> tuple[list[Linear], list[Linear]]:
    """Return the linear modules that take the hidden state, and those that add to it."""
    architecture = ARCHITECTURES[name]
    reads = [linear(model, path) for path, _ in architecture.extra]
    reads += [linear(model, path) for path in architecture.readers]
    first = ("albert.encoder.embedding_hidden_mapping_in", "vit.embeddings.patch_embeddings.projection")
    writes = [linear(model, path) for path in first if path.startswith(f"{name}.")]
    for layer in layers_of(model, name):
        for query, key, value, output in attentions_of(model, name, layer):
            reads += [query, key, value]
            writes.append(output)
        ups, down = feed_forward_of(model, name, layer)
        reads += ups
        writes.append(down)
    return reads, writes


def _null_layer(model: Any, name: str) -> None:
    """Make the first layer of each stack hand on what it gets."""
    for stack in ARCHITECTURES[name].stacks:
        for _, _, _, output in attentions_of(model, name, f"{stack}.0"):
            for tensor in output.tensors:
                tensor.zero_()
        _, down = feed_forward_of(model, name, f"{stack}.0")
        for tensor in down.tensors:
            tensor.zero_()


def _cut(name: str, *nulls: Any, **ratios: float) -> None:
    model = build(name)
    for null in nulls:
        null(model, name)
    before = logits_of(model) * (ARCHITECTURES[name].doubled if "hidden" in ratios else 1)
    report = prune_structured(model, lambda _, parameter: parameter.abs(), StructuredRatios(**ratios))
    torch.testing.assert_close(logits_of(model), before, rtol=1e-4, atol=2e-5)
    assert report.parameters_after == sum(parameter.numel() for parameter in model.parameters())
    if not (ARCHITECTURES[name].shared and set(ratios) == {"layers"}):
        assert report.parameters_after < report.parameters_before


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_neurons_of_zeros_are_cut_without_a_trace(name: str) -> None:
    _cut(name, _null_neurons, feed_forward=0.5)


@pytest.mark.parametrize("name", [name for name, known in ARCHITECTURES.items() if not known.tied])
def test_heads_of_zeros_are_cut_without_a_trace(name: str) -> None:
    _cut(name, _null_heads, heads=0.5)


@pytest.mark.parametrize("name", [name for name, known in ARCHITECTURES.items() if not known.tied])
def test_channels_that_nothing_reads_are_cut_without_a_trace(name: str) -> None:
    _cut(name, _double_hidden, hidden=0.5)


@pytest.mark.parametrize("name", [name for name, known in ARCHITECTURES.items() if known.tied])
def test_where_width_is_tied_to_heads_the_channels_of_each_head_are_cut_with_it(name: str) -> None:
    _cut(name, _halve_heads, _double_hidden, hidden=0.5)


@pytest.mark.parametrize("name", [name for name, known in ARCHITECTURES.items() if not known.shared])
def test_a_layer_that_does_nothing_is_cut_without_a_trace(name: str) -> None:
    _cut(name, _null_layer, layers=1 / LAYERS)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_everything_at_once(name: str) -> None:
    nulls = [_null_heads, _null_neurons, _double_hidden]
    ratios = {"heads": 0.5, "feed_forward": 0.5, "hidden": 0.5}
    if not ARCHITECTURES[name].shared:
        nulls.append(_null_layer)
        ratios["layers"] = 1 / LAYERS
    _cut(name, *nulls, **ratios)


def test_scores_that_depend_on_a_layers_number_stay_what_they_were() -> None:
    model = build("gpt2")
    model = type(model)(
        type(model.config)(**{**model.config.to_dict(), "scale_attn_by_inverse_layer_idx": True})
    ).eval()
    model.load_state_dict(build("gpt2").state_dict())
    _null_layer(model, "gpt2")
    before = logits_of(model)
    report = prune_structured(model, lambda _, weight: weight.abs(), StructuredRatios(layers=1 / LAYERS))
    assert report.layers == {"transformer.h": (1, 2)}
    torch.testing.assert_close(logits_of(model), before, rtol=1e-4, atol=2e-5)
