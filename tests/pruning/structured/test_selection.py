"""Which units survive: those that brute force finds by summing the importance of all their weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from persopt.domain.errors import InputError
from persopt.pruning.structured import StructuredRatios
from persopt.pruning.structured.layers import choose_layers
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
)


def _random_scores(model: Any) -> Any:
    """Return a copy of the model whose weights are scores, tied ones tied, and what gives them by name."""
    scored = build_like(model)
    chance = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for parameter in scored.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=chance))
    return scored


def build_like(model: Any) -> Any:
    return type(model)(model.config)


def _from(scored: Any) -> Callable[[str, Tensor], Tensor]:
    return lambda name, _: scored.get_parameter(name)


def _best(scores: list[float], count: int) -> tuple[int, ...]:
    return tuple(sorted(sorted(range(len(scores)), key=lambda unit: -scores[unit])[:count]))


def _sum_rows(parts: list[Linear], units: range) -> float:
    return sum(float(tensor[unit].double().sum()) for part in parts for tensor in part.tensors for unit in units)


def _sum_columns(part: Linear, units: range) -> float:
    return sum(float(part.weight[:, unit].double().sum()) for unit in units)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_neurons_that_survive_are_those_of_the_highest_sums(name: str) -> None:
    model = build(name)
    scored = _random_scores(model)
    expected = {}
    for layer in layers_of(scored, name):
        ups, down = feed_forward_of(scored, name, layer)
        sums = [_sum_rows(ups, range(n, n + 1)) + _sum_columns(down, range(n, n + 1)) for n in range(NEURONS)]
        expected[down.path] = _best(sums, 12)
    report = prune_structured(model, _from(scored), StructuredRatios(feed_forward=0.4))
    assert report.feed_forward == expected
    if len(expected) > 1:
        assert len(set(expected.values())) > 1, "each layer keeps its own neurons"


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_heads_that_survive_are_those_of_the_highest_sums(name: str) -> None:
    architecture = ARCHITECTURES[name]
    model = build(name)
    scored = _random_scores(model)
    wide = architecture.grouped
    groups = HEADS // wide
    sums: dict[str, list[float]] = {}
    for layer in layers_of(scored, name):
        for query, key, value, output in attentions_of(scored, name, layer):
            sums[output.path] = [
                _sum_rows([query], range(group * HEAD * wide, (group + 1) * HEAD * wide))
                + _sum_rows([key, value], range(group * HEAD, (group + 1) * HEAD))
                + _sum_columns(output, range(group * HEAD * wide, (group + 1) * HEAD * wide))
                for group in range(groups)
            ]
    if name in ("t5", "mt5"):  # the heads of a stack share one table of relative positions
        for stack in architecture.stacks:
            together = [path for path in sums if path.startswith(stack) and "SelfAttention" in path]
            table = scored.get_submodule(f"{stack}.0.layer.0.SelfAttention.relative_attention_bias").weight.data
            total = [
                sum(sums[path][head] for path in together) + float(table[:, head].double().sum())
                for head in range(HEADS)
            ]
            sums |= dict.fromkeys(together, total)
    left = {path: _best(found, groups // 2) for path, found in sums.items()}
    expected = [tuple(group * wide + n for group in kept for n in range(wide)) for _, kept in sorted(left.items())]
    ratios = StructuredRatios(heads=0.5, hidden=0.5 if architecture.tied else 0)
    report = prune_structured(model, _from(scored), ratios)
    assert [kept for _, kept in sorted(report.heads.items())] == expected


@pytest.mark.parametrize("name", ["llama", "t5", "mt5"])
def test_channels_that_survive_are_those_of_the_highest_sums(name: str) -> None:
    class_, config = type(build(name)), build(name).config
    # A width that nothing else has, so that every dimension of that size is the hidden one.
    setattr(config, "hidden_size" if name == "llama" else "d_model", 28)
    torch.manual_seed(5)
    model = class_(config).eval()
    scored = _random_scores(model)
    sums = torch.zeros(28, dtype=torch.float64)
    for parameter in scored.parameters():  # each tied one comes once
        for dimension, size in enumerate(parameter.shape):
            if size == 28:
                sums += parameter.detach().double().movedim(dimension, 0).reshape(28, -1).sum(1)
    report = prune_structured(model, _from(scored), StructuredRatios(hidden=0.5))
    assert report.hidden == _best(sums.tolist(), 16 if name == "llama" else 14)  # of Llama, a multiple of its heads


@pytest.mark.parametrize("name", ["bert", "llama", "t5"])
def test_layers_that_survive_are_those_of_the_highest_sums(name: str) -> None:
    model = build(name)
    scored = _random_scores(model)
    expected = {}
    for stack in ARCHITECTURES[name].stacks:
        sums = [
            sum(
                float(p.detach().double().sum())
                for path, p in layer.named_parameters()
                if "relative_attention" not in path
            )
            for layer in scored.get_submodule(stack)
        ]
        expected[stack] = _best(sums, LAYERS - 1)
    report = prune_structured(model, _from(scored), StructuredRatios(layers=1 / LAYERS))
    assert report.layers == expected


def test_layers_can_be_spread_or_named() -> None:
    def kept(rule: Any, ratio: float) -> tuple[int, ...]:
        model = build("distilbert")
        ratios = StructuredRatios(layers=ratio, feed_forward=0.5)
        report = prune_structured(model, lambda _, weight: weight.abs(), ratios, layers=rule)
        return report.layers["distilbert.transformer.layer"]

    assert kept("evenly", 1 / 3) == (0, 2)
    assert kept("alternate", 1 / 3) == (0, 2)
    assert kept("first", 1 / 3) == (0, 1)
    assert kept([2, 1], 0) == (1, 2)


@pytest.mark.parametrize(
    ("total", "count", "kept"),
    [
        (
            12,
            8,
            (0, 1, 2, 3, 5, 7, 9, 11),
        ),  # figure 1 of Sajjad et al. (2023): layers 11, 9, 7 and 5 of 1 to 12 are left out
        (12, 10, (0, 1, 2, 3, 4, 5, 6, 7, 9, 11)),
        (6, 4, (0, 1, 3, 5)),
        (6, 3, (1, 3, 5)),
        (6, 2, (0, 5)),  # more than half: evenly
        (6, 6, (0, 1, 2, 3, 4, 5)),
    ],
)
def test_alternate_layers_are_those_of_the_paper(total: int, count: int, kept: tuple[int, ...]) -> None:
    assert choose_layers("alternate", total, count, []) == kept


def test_ties_and_frozen_weights_stay() -> None:
    model = build("t5")
    model.encoder.block[0].requires_grad_(False)
    prune_structured(model, lambda _, weight: weight.abs(), StructuredRatios(hidden=0.5, heads=0.5))
    assert model.lm_head.weight is model.shared.weight is model.encoder.embed_tokens.weight
    assert not any(weight.requires_grad for weight in model.encoder.block[0].parameters())
    assert all(weight.requires_grad for weight in model.encoder.block[1].parameters())


def test_what_a_user_set_by_hand_stays() -> None:
    model = build("bert")
    model.bert.encoder.layer[0].output.dropout.p = 0.37
    model.train()
    prune_structured(model, lambda _, weight: weight.abs(), StructuredRatios(feed_forward=0.5))
    assert model.bert.encoder.layer[0].output.dropout.p == 0.37
    assert all(module.training for module in model.modules())


@pytest.mark.parametrize(
    "importance",
    [lambda _, weight: weight.abs().sum(), lambda _, weight: weight / 0],
    ids=["shape", "not finite"],
)
def test_an_importance_that_breaks_its_contract_is_named_and_changes_nothing(importance: Any) -> None:
    model = build("bert")
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    with pytest.raises(InputError, match=r"importance of bert\.encoder\.layer\.0"):
        prune_structured(model, importance, StructuredRatios(feed_forward=0.5))
    assert model.config.intermediate_size == NEURONS
    assert model.config.hidden_size == HIDDEN
    for name, weight in model.named_parameters():
        assert torch.equal(weight, before[name])
