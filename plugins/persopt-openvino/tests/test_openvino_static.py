from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openvino_parts import Batch, Quantize, outputs_of, outputs_of_torch, read_graph, weight_of

from persopt.domain.errors import ModelError
from persopt_openvino import OpenvinoOptions

_PLAIN = OpenvinoOptions(smooth=False, bias_correction=False)


def test_weights_and_activations_have_8_bits_and_the_outputs_stay(
    quantize: Quantize, checkpoint: Path, batches: list[Batch]
) -> None:
    artifact = quantize(method="static", bits=8)
    graph = read_graph(artifact)
    for module in ("bert.embeddings.word_embeddings", "bert.encoder.layer.1.output.dense", "classifier"):
        constant, between = weight_of(graph, module)
        assert constant.get_element_type().to_string() == "i8"
        assert "Subtract" not in between  # no zero point
    quantizers = _quantizers(graph)
    assert len(quantizers) >= 8
    assert {quantizer.get_attributes()["levels"] for quantizer in quantizers} == {256}
    assert _cosine(outputs_of(artifact, batches), outputs_of_torch(checkpoint, batches)) > 0.99


def test_a_model_of_which_everything_is_kept_is_refused(quantize: Quantize) -> None:
    with pytest.raises(ModelError, match="every linear layer is kept"):
        quantize(method="static", bits=8, keep=("*",))


def test_kept_modules_stay_in_floating_point(quantize: Quantize) -> None:
    graph = read_graph(quantize(_PLAIN, method="static", bits=8, keep=("classifier", "*.layer.0.*")))
    kept = ("classifier", "bert.encoder.layer.0.attention.self.query", "bert.encoder.layer.0.output.dense")
    assert {weight_of(graph, module)[0].get_element_type().to_string() for module in kept} == {"f32"}
    constant, _ = weight_of(graph, "bert.encoder.layer.1.output.dense")
    assert constant.get_element_type().to_string() == "i8"
    assert not [name for name in map(_fed_module, _quantizers(graph)) if ".layer.0." in name]


def test_asymmetric_weights_have_zero_points_and_a_tensor_may_have_one_scale(quantize: Quantize) -> None:
    graph = read_graph(quantize(_PLAIN, method="static", bits=8, symmetric=False, per_channel=False))
    constant, between = weight_of(graph, "bert.encoder.layer.0.output.dense")
    assert "Subtract" in between
    (multiply,) = {consumer.get_node() for consumer in constant.output(0).get_target_inputs()} and [
        node for node in _after(constant) if node.get_type_name() == "Multiply"
    ]
    assert multiply.input_value(1).get_node().data.size == 1


@pytest.mark.parametrize("symmetric", [True, False])
def test_min_max_ranges_are_those_of_the_calibration_data(
    quantize: Quantize, checkpoint: Path, batches: list[Batch], symmetric: bool
) -> None:
    graph = read_graph(quantize(_PLAIN, method="static", bits=8, activation_symmetric=symmetric))
    values = _embeddings(checkpoint, batches)
    low, high = _range_of_embeddings(graph)
    step = (high - low) / 255
    if symmetric:
        assert high == pytest.approx(float(np.abs(values).max()), abs=step)
        assert low == pytest.approx(-high, abs=1.01 * step)  # one level more below zero than above
    else:
        assert low == pytest.approx(float(values.min()), abs=step)
        assert high == pytest.approx(float(values.max()), abs=step)


def test_percentile_ranges_leave_outliers_out(quantize: Quantize, checkpoint: Path, batches: list[Batch]) -> None:
    graph = read_graph(
        quantize(_PLAIN, method="static", bits=8, ranges="percentile", percentile=90.0, activation_symmetric=False)
    )
    values = _embeddings(checkpoint, batches)
    low, high = _range_of_embeddings(graph)
    assert np.mean((values >= low) & (values <= high)) == pytest.approx(0.9, abs=0.02)


def _quantizers(graph: Any) -> list[Any]:
    return [operator for operator in graph.get_ops() if operator.get_type_name() == "FakeQuantize"]


def _range_of_embeddings(graph: Any) -> tuple[float, float]:
    """The one range that all quantizers after the embeddings have."""
    found = {
        tuple(float(quantizer.input_value(port).get_node().data.item()) for port in (1, 2))
        for quantizer in _quantizers(graph)
        if quantizer.input_value(0).get_node().get_friendly_name().startswith("__module.bert.embeddings.LayerNorm/")
    }
    ((low, high),) = found
    return low, high


def _fed_module(quantizer: Any) -> str:
    """Where the quantized tensor goes: names of quantizers are those of what they come from."""
    (name, *_) = [port.get_node().get_friendly_name() for port in quantizer.output(0).get_target_inputs()]
    return str(name)


def _after(node: Any) -> list[Any]:
    found: list[Any] = []
    while node.get_type_name() not in ("MatMul", "Gather"):
        node = next(iter(node.output(0).get_target_inputs())).get_node()
        found.append(node)
    return found


def _embeddings(checkpoint: Path, batches: list[Batch]) -> np.ndarray[Any, Any]:
    import torch
    from transformers import BertForSequenceClassification

    model = BertForSequenceClassification.from_pretrained(checkpoint)
    model.train(mode=False)
    with torch.inference_mode():
        found = [
            model.bert.embeddings(input_ids=torch.from_numpy(batch["input_ids"])).numpy().ravel() for batch in batches
        ]
    return np.concatenate(found)


def _cosine(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    return float((one * other).sum() / np.linalg.norm(one) / np.linalg.norm(other))
