"""Models cut several times: sizes, against the cut at once; what is left, against slices made by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from persopt.domain.errors import InputError
from persopt.pruning.structured import StructuredRatios
from persopt.pruning.structured.cut import Cut, join_reports
from persopt.pruning.structured.prune import cut_to_sizes, prune_structured
from persopt.pruning.structured.sizes import Sizes, plan_sizes, read_sizes
from persopt.pruning.structured.steps import Course, plan_cuts
from tests.pruning.structured.architectures import ARCHITECTURES, build, logits_of

CONFIGS = {name: ARCHITECTURES[name].build().config for name in ("bert", "llama", "qwen2", "t5")}
ALL = StructuredRatios(heads=0.5, hidden=0.5, feed_forward=0.35, layers=0.5)
shares = st.sampled_from([0.0, 0.25, 0.34, 0.5, 0.6, 0.75])


def line(share: float) -> Course:
    return lambda before, after: before + (after - before) * share


def numbers(sizes: Sizes) -> list[int]:
    plain = (sizes.heads, sizes.key_value_heads, sizes.head_size, sizes.feed_forward, sizes.hidden)
    return [*plain, *sizes.layers.values()]


@pytest.mark.parametrize("name", list(CONFIGS))
@settings(max_examples=25, deadline=None)
@given(ratios=st.tuples(shares, shares, shares), cuts=st.integers(1, 7), multiple_of=st.sampled_from([1, 2]))
def test_sizes_only_fall_can_be_said_and_end_where_a_cut_at_once_does(
    name: str, ratios: tuple[float, float, float], cuts: int, multiple_of: int
) -> None:
    config = CONFIGS[name]
    asked = StructuredRatios(heads=ratios[0], hidden=ratios[1], feed_forward=ratios[2])
    try:
        final = plan_sizes(config, asked, multiple_of=multiple_of)
    except InputError:
        assume(False)
    planned = plan_cuts(config, final, [line((turn + 1) / cuts) for turn in range(cuts)])
    assert len(planned) == cuts
    assert planned[-1] == final
    whole = read_sizes(config)
    last = numbers(whole)
    for turn, sizes in enumerate(planned, 1):
        assert all(now <= before for now, before in zip(numbers(sizes), last, strict=True))
        last = numbers(sizes)
        if name == "bert":
            assert sizes.hidden == sizes.heads * sizes.head_size
        if name == "llama":
            assert sizes.hidden % sizes.heads == 0
        if name in ("llama", "qwen2"):
            assert sizes.heads == 2 * sizes.key_value_heads or sizes.key_value_heads == 1
        neurons = whole.feed_forward + (final.feed_forward - whole.feed_forward) * turn / cuts
        assert abs(sizes.feed_forward - neurons) <= 0.5


def cut_in_steps(model: Any, ratios: StructuredRatios, cuts: int) -> list[Cut]:
    origin, done = read_sizes(model.config), []
    sizes = plan_cuts(model.config, plan_sizes(model.config, ratios), [line((turn + 1) / cuts) for turn in range(cuts)])
    for wanted in sizes:
        done.append(cut_to_sizes(model, lambda _, weight: weight.abs(), wanted, origin=origin))
        # What is in memory is what its configuration makes, at every step.
        fresh = type(model)(model.config).eval()
        fresh.load_state_dict(model.state_dict())
        torch.testing.assert_close(logits_of(fresh), logits_of(model), rtol=0, atol=0)
    return done


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_many_cuts_leave_the_shapes_of_one_and_all_that_belongs_to_weights_can_follow(name: str) -> None:
    model, once = build(name), build(name)
    weights = {path: one.detach().clone() for path, one in model.named_parameters(remove_duplicate=False)}
    at_once = prune_structured(once, lambda _, weight: weight.abs(), ALL)
    cuts = cut_in_steps(model, ALL, 3)
    shapes = {path: one.shape for path, one in model.named_parameters()}
    assert shapes == {path: one.shape for path, one in once.named_parameters()}
    report = join_reports(cuts)
    said = {"head_dim": 6} if name == "vit" else {}  # needed on the way, and what the width makes it in the end
    assert model.config.to_dict() == once.config.to_dict() | said
    assert (report.parameters_before, report.parameters_after) == (at_once.parameters_before, at_once.parameters_after)
    assert (report.changed, report.notes) == ({**at_once.changed, **said}, at_once.notes)
    assert {path: len(kept) for path, kept in report.heads.items()} == {
        path: len(kept) for path, kept in at_once.heads.items()
    }
    assert list(report.feed_forward) == list(at_once.feed_forward)  # the same layers, by their names before
    for cut in cuts:
        weights = cut.follow(weights, scale=True)
    for path, one in model.named_parameters(remove_duplicate=False):
        assert torch.equal(weights[path], one), path


def test_the_joined_report_says_which_units_of_the_first_model_are_left() -> None:
    model, whole = build("bert"), build("bert")
    with torch.no_grad():  # so that the middle layer goes, and names change
        whole.bert.encoder.layer[1].output.dense.weight.mul_(1e-3)
        whole.bert.encoder.layer[1].intermediate.dense.weight.mul_(1e-3)
        model.load_state_dict(whole.state_dict())
    report = join_reports(cut_in_steps(model, ALL, 3))
    assert report.layers == {"bert.encoder.layer": (0, 2)}
    hidden = torch.tensor(report.hidden)
    state: dict[str, Tensor] = whole.state_dict()
    for name, now in model.state_dict().items():
        if "pooler" in name or name.startswith("classifier"):
            continue
        path = name.replace("layer.1.", "layer.2.")
        left = state[path]
        layer = path.split(".")[3] if ".layer." in path else ""
        neurons = torch.tensor(report.feed_forward.get(f"bert.encoder.layer.{layer}.output.dense", ()))
        heads = report.heads.get(f"bert.encoder.layer.{layer}.attention.self", ())
        rows = torch.tensor([head * 6 + channel for head in heads for channel in range(6)])
        if ".self." in path:
            left = left[rows]
        elif "intermediate" in path:
            left = left[neurons]
        else:
            left = left[..., hidden] if "embeddings" in path else left[hidden]
        if "intermediate.dense.weight" in path or (".self." in path and path.endswith("weight")):
            left = left[:, hidden]
        elif path.endswith("output.dense.weight"):
            left = left[:, rows if "attention" in path else neurons]
        assert torch.equal(now, left), name
