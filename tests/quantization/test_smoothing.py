from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from persopt.domain.errors import ModelError
from persopt.plugins.contracts.quantization import QuantizationRequest
from persopt.quantization.folding import find_folds
from persopt.quantization.linears import find_linears, iterate_outputs, weight_view
from persopt.quantization.sensitivity import rank_layers
from persopt.quantization.smoothing import choose_scales, smooth
from tests.quantization.models import FAMILIES, make_inputs, make_model

PRE_NORM = {"gpt2": 6, "llama": 15, "gemma": 14, "t5": 16, "gated-t5": 18, "vit": 11}
"""How many linear layers' inputs can be scaled, counted by hand."""


def run(model: Any, batch: dict[str, Any]) -> torch.Tensor:
    return next(iterate_outputs(model, [batch])).clone()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_outputs_are_the_same_and_the_weights_are_not(family: str) -> None:
    model, batch = make_model(family), make_inputs(family)
    weights = {name: weight_view(module).clone() for name, module in find_linears(model).items()}
    before = run(model, batch)
    notes = smooth(model, [batch], 0.5)
    other = make_inputs(family, seed=9)
    assert torch.allclose(run(model, batch), before, atol=2e-5 * float(before.abs().max()))
    assert any(not torch.equal(weight_view(module), weights[name]) for name, module in find_linears(model).items())
    assert "linear layers were scaled" in notes[0]
    assert torch.allclose(run(model, other), run(make_model(family), other), atol=2e-5 * float(before.abs().max()))


@pytest.mark.parametrize("family", PRE_NORM)
def test_with_the_norm_before_the_layer_everything_that_reads_a_norm_is_scaled(family: str) -> None:
    folds = find_folds(make_model(family), make_inputs(family))
    assert folds.refused == []
    assert sum(len(fold.readers) for fold in folds.exact) == PRE_NORM[family]


def test_where_the_residual_reads_the_norm_only_other_layers_are_scaled_and_it_is_said() -> None:
    model, batch = make_model("bert"), make_inputs("bert")
    folds = find_folds(model, batch)
    assert {fold.name.removeprefix("bert.") for fold in folds.exact} == {
        "encoder.layer.0.attention.output.dense",
        "encoder.layer.1.attention.output.dense",
        "pooler.dense",
    }
    assert "bert.encoder.layer.0.output.LayerNorm" in folds.refused
    assert "residual" in smooth(model, [batch], 0.5)[1]


def test_looking_for_places_leaves_the_model_as_it_was() -> None:
    model = make_model("llama")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    find_folds(model, make_inputs("llama"))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_an_outlier_channel_hurts_less_after_smoothing() -> None:
    """The published case: one channel of a norm is large, its readers' weights are not."""
    model, batch = make_model("llama"), make_inputs("llama", rows=8)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.input_layernorm.weight[3] = 60.0
            for projection in (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj):
                projection.weight[:, 3] /= 60.0
    request = QuantizationRequest(model="", output="", method="dynamic", bits=8)
    name = "model.layers.0.self_attn.v_proj"
    before = {one.name: one.error for one in rank_layers(model, [batch], request)}[name]
    smooth(model, [batch], 0.5)
    after = {one.name: one.error for one in rank_layers(model, [batch], request)}[name]
    assert after < before / 10


def test_scales_by_the_formula() -> None:
    peaks, weight = torch.tensor([16.0, 4.0, 0.0]), torch.tensor([[1.0, -0.25, 3.0], [-0.5, 0.1, 0.0]])
    assert choose_scales(peaks, [weight], 0.5).tolist() == pytest.approx([4.0, 4.0, 1.0])
    assert choose_scales(peaks, [weight], 1.0).tolist() == pytest.approx([16.0, 4.0, 1.0])
    assert choose_scales(peaks, [weight], 0.0).tolist() == pytest.approx([1.0, 4.0, 1.0])


def test_a_model_without_a_place_for_scales_is_refused_in_words() -> None:
    class Plain(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Linear(4, 2)

        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return self.first(values)  # type: ignore[no-any-return]

    with pytest.raises(ModelError, match=r"smoothing changes nothing in this model.*no linear layer after a norm"):
        smooth(Plain().eval(), [{"values": np.ones((2, 4), np.float32)}], 0.5)


def test_nan_in_the_activations_is_told() -> None:
    model, batch = make_model("gpt2"), make_inputs("gpt2")
    with torch.no_grad():
        model.transformer.wte.weight[int(batch["input_ids"][1, 0])] = float("nan")
    with pytest.raises(ModelError, match="NaN"):
        smooth(model, [batch], 0.5)
