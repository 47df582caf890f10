"""Fusing changes the operators, and nothing that comes out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from persopt.domain.errors import ModelError
from persopt_onnxruntime.fusing import hide_slow_fusions, load_fused
from persopt_onnxruntime.graphs import open_part
from persopt_onnxruntime.masks import find_padding_masks

SHAPES = ((1, 1), (1, 9), (3, 16), (2, 40))


def test_attention_of_an_encoder_becomes_one_operator_that_takes_the_tokenizers_mask(encoder: Path) -> None:
    model, _, notes = load_fused(str(encoder))
    kinds = Counter(node.op_type for node in model.graph.node)
    assert kinds["Attention"] == 2
    assert kinds["LayerNormalization"] == 5
    assert kinds["Gelu"] == 2
    assert not {"Softmax", "Range", "Where", "Erf"} & set(kinds)
    assert notes == ["attention is one operator in 2 places"]
    _check_same(encoder, model)


def test_attention_of_a_decoder_keeps_what_hides_later_tokens(decoder: Path) -> None:
    model, _, _ = load_fused(str(decoder))
    kinds = Counter(node.op_type for node in model.graph.node)
    assert (kinds["Attention"], kinds["Softmax"]) == (1, 0)
    assert "Where" in kinds
    _check_same(decoder, model)


def test_attention_that_is_left_alone_is_told(encoder: Path) -> None:
    model, _, notes = load_fused(str(encoder), fuse=False)
    assert "Attention" not in {node.op_type for node in model.graph.node}
    assert notes == ["nothing was fused: the graph is as it was exported"]


def test_a_graph_that_cannot_be_fused_is_told_with_the_way_out(tmp_path: Path) -> None:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("NoSuchOperator", ["x"], ["y"])], "g", [value], [value])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), tmp_path / "odd.onnx")
    with pytest.raises(ModelError, match=r"cannot be fused: .*NoSuchOperator.*fuse=false"):
        load_fused(str(tmp_path / "odd.onnx"))


def test_onnx_runtime_does_not_make_the_slow_fusions_again(encoder: Path, tmp_path: Path) -> None:
    model, _, _ = load_fused(str(encoder))
    assert {"BiasGelu", "SkipLayerNormalization"} & _kinds_when_open(model, tmp_path / "before.onnx")
    hide_slow_fusions(model)
    kinds = _kinds_when_open(model, tmp_path / "after.onnx")
    assert not {"BiasGelu", "SkipLayerNormalization"} & kinds
    assert {"Attention", "Gelu", "LayerNormalization", "Sum"} <= kinds


@pytest.mark.parametrize(
    ("code", "padding"),
    [
        ("hide", True),
        ("hide-later", False),  # and what comes later
        ("weigh", False),  # -1 is no hiding
    ],
)
def test_a_mask_is_taken_for_padding_only_if_it_is_nothing_else(code: str, padding: bool) -> None:
    assert find_padding_masks(_mask_model(code), ["added"]) == ({"added": "attention_mask"} if padding else {})


def _mask_model(code: str) -> onnx.ModelProto:
    """Make an addend (batch, 1, length, length) of the tokenizer's mask."""
    tokens, mask = (
        helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "s"]) for name in ("input_ids", "attention_mask")
    )
    low = -1.0 if code == "weigh" else float(np.finfo(np.float32).min)
    nodes = [
        helper.make_node("Cast", ["attention_mask"], ["seen"], to=TensorProto.BOOL),
        helper.make_node("Unsqueeze", ["seen", "axes"], ["row"]),
        helper.make_node("Shape", ["input_ids"], ["length"], start=1, end=2),
        helper.make_node("Concat", ["one", "one", "length", "length"], ["square"], axis=0),
        helper.make_node("Expand", ["yes", "square"], ["ones"]),
        helper.make_node("Trilu", ["ones_float"], ["earlier_float"], upper=0),
        helper.make_node("Cast", ["ones"], ["ones_float"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["earlier_float"], ["earlier"], to=TensorProto.BOOL),
        helper.make_node("And", ["row", "earlier" if code == "hide-later" else "ones"], ["all"]),
        helper.make_node("Where", ["all", "zero", "low"], ["added"]),
    ]
    nodes[5], nodes[6] = nodes[6], nodes[5]
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [2], [1, 2]),
        helper.make_tensor("one", TensorProto.INT64, [1], [1]),
        helper.make_tensor("yes", TensorProto.BOOL, [1], [True]),
        helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]),
        helper.make_tensor("low", TensorProto.FLOAT, [], [low]),
    ]
    output = helper.make_tensor_value_info("added", TensorProto.FLOAT, ["b", 1, "s", "s"])
    graph = helper.make_graph(nodes, "mask", [tokens, mask], [output], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10)


def _check_same(file: Path, model: onnx.ModelProto) -> None:
    names = [item.name for item in model.graph.output]
    before = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    after = open_part(model, names)
    for rows, length in SHAPES:
        for side in ("left", "right"):
            batch = _padded(rows, length, side)
            given = {item.name: batch[item.name] for item in before.get_inputs()}
            expected, got = before.run(names, given)[0], after.run(names, given)[0]
            if expected.ndim == 3:  # a decoder: what a padding token itself gives means nothing
                seen = batch["attention_mask"] == 1
                expected, got = expected[seen], got[seen]
            np.testing.assert_allclose(got, expected, atol=1e-5)


def _padded(rows: int, length: int, side: str) -> dict[str, np.ndarray[Any, Any]]:
    chance = np.random.default_rng(rows + length)
    mask = np.ones((rows, length), np.int64)
    cut = length // 3
    mask[-1, slice(None, cut) if side == "left" else slice(length - cut, None)] = 0
    return {
        "input_ids": chance.integers(3, 150, (rows, length)),
        "attention_mask": mask,
        "token_type_ids": np.zeros((rows, length), np.int64),
    }


def _kinds_when_open(model: onnx.ModelProto, file: Path) -> set[str]:
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath, options.log_severity_level = str(file), 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return {node.op_type for node in onnx.load(file).graph.node}
