from __future__ import annotations

import pytest
import torch

from persopt.plugins.contracts.quantization import QuantizationRequest
from persopt.quantization.linears import find_linears, is_kept, iterate_outputs, weight_view
from persopt.quantization.schemes import Scheme, fake_quantize
from persopt.quantization.sensitivity import rank_layers
from tests.quantization.models import make_inputs, make_model

WEIGHTS = QuantizationRequest(model="", output="", method="weight-only", bits=4, group_size=16)


def test_each_error_is_that_of_the_layer_alone() -> None:
    model, batch = make_model("bert"), make_inputs("bert")
    ranked = rank_layers(model, [batch], WEIGHTS)
    assert {one.name for one in ranked} == set(find_linears(model))
    expected = next(iterate_outputs(model, [batch])).clone()
    for one in (ranked[0], ranked[-1]):
        other = make_model("bert")
        weight = weight_view(other.get_submodule(one.name))
        weight.copy_(fake_quantize(weight, Scheme(bits=4, granularity="group", group_size=16)))
        output = next(iterate_outputs(other, [batch]))
        error = (output - expected).double().square().sum() / expected.double().square().sum()
        assert one.error == pytest.approx(float(error), rel=1e-5)
        assert one.parameters == weight.numel()


def test_the_layer_whose_weights_are_hardest_comes_first_and_the_model_stays() -> None:
    model, batch = make_model("bert"), make_inputs("bert")
    with torch.no_grad():
        model.bert.pooler.dense.weight[0, 0] = 90.0
    before = {name: value.clone() for name, value in model.state_dict().items()}
    request = QuantizationRequest(model="", output="", method="weight-only", bits=8, per_channel=False)
    ranked = rank_layers(model, [batch], request)
    assert ranked[0].name == "bert.pooler.dense"
    assert [one.error for one in ranked] == sorted((one.error for one in ranked), reverse=True)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_activations_add_to_the_error_and_kept_layers_are_not_ranked() -> None:
    model, batch = make_model("gpt2"), make_inputs("gpt2")
    plain = QuantizationRequest(model="", output="", method="weight-only", bits=8, keep=("lm_head", "*.h.1"))
    dynamic = QuantizationRequest(model="", output="", method="dynamic", bits=8, keep=("lm_head", "*.h.1"))
    weights = rank_layers(model, [batch], plain)
    both = rank_layers(model, [batch], dynamic)
    assert {one.name.partition(".mlp")[0].partition(".attn")[0] for one in weights} == {"transformer.h.0"}
    assert sum(one.error for one in both) > sum(one.error for one in weights)


def test_more_bits_less_error_and_none_at_32() -> None:
    model, batch = make_model("bert"), make_inputs("bert")
    totals = [
        sum(
            one.error
            for one in rank_layers(
                model, [batch], QuantizationRequest(model="", output="", method="weight-only", bits=bits)
            )
        )
        for bits in (4, 8, 16)
    ]
    assert totals[0] > totals[1] > totals[2] > 0
    assert rank_layers(model, [batch], QuantizationRequest(model="", output="", method="weight-only", bits=32)) == []


def test_patterns_match_a_module_and_all_in_it() -> None:
    assert is_kept("bert.encoder.layer.0.output.dense", ["*.layer.0"])
    assert is_kept("classifier", ["classifier"])
    assert not is_kept("bert.encoder.layer.10.output.dense", ["*.layer.1"])
