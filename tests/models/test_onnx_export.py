"""Export to ONNX: any batch and length, the outputs of PyTorch, nothing half-written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import transformers

from persopt.domain.errors import ModelError, OutputError
from persopt.models.onnx_export import check_exportable, check_onnx, export_onnx
from persopt.models.onnx_export.plain import check_shapes, make_plain_graph
from persopt.models.onnx_export.writing import quiet_export, write_graph

t: Any = transformers  # its types leave out the fields of base classes


def _tagger() -> Any:
    torch.manual_seed(0)
    return t.DistilBertForTokenClassification(
        t.DistilBertConfig(
            vocab_size=30, dim=16, n_heads=2, hidden_dim=20, n_layers=1, max_position_embeddings=40, num_labels=5
        )
    ).train()


def test_a_tagger_gives_the_same_for_every_batch_and_length(tmp_path: Path) -> None:
    model = _tagger()
    export = export_onnx(model, tmp_path / "onnx")
    assert model.training, "the model stays as it was"
    assert sorted(item.name for item in (tmp_path / "onnx").iterdir()) == ["config.json", "model.onnx"]
    assert [item.name for item in tmp_path.iterdir()] == ["onnx"]
    assert (export.inputs, export.outputs) == (("input_ids", "attention_mask"), ("logits",))
    assert len(set(export.shapes)) == 3
    session = onnxruntime.InferenceSession(export.file)
    model.eval()
    for batch, length in ((1, 2), (4, 11), (2, 40)):
        tokens = torch.randint(30, (batch, length))
        mask = (torch.arange(length) < max(1, length - 3)).long().expand(batch, -1).contiguous()
        with torch.no_grad():
            expected = model(tokens, attention_mask=mask).logits.numpy()
        (found,) = session.run(None, {"input_ids": tokens.numpy(), "attention_mask": mask.numpy()})
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_differs_by_more_than_the_tolerance_is_not_written(tmp_path: Path) -> None:
    model = t.ViTForImageClassification(
        t.ViTConfig(
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=20,
            image_size=8,
            patch_size=4,
        )
    )
    with pytest.raises(ModelError, match="ONNX gives other logits than PyTorch for inputs of shape"):
        export_onnx(model, tmp_path / "onnx", exporter="torchscript", tolerance=-1.0)
    assert list(tmp_path.iterdir()) == []


def test_the_tracing_exporter_gives_what_onnx_runtime_fuses(tmp_path: Path) -> None:
    from onnxruntime.transformers.optimizer import optimize_model

    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 32}
    model = t.BertForSequenceClassification(t.BertConfig(vocab_size=80, max_position_embeddings=64, **sizes))
    attention = model.config._attn_implementation
    export = export_onnx(model, tmp_path / "onnx", exporter="torchscript")
    assert export.exporter == "torchscript"
    assert model.config._attn_implementation == attention != "eager", "the model stays as it was"
    optimized = optimize_model(export.file, model_type="bert", num_heads=4, hidden_size=32)
    kinds = [node.op_type for node in optimized.model.graph.node]
    assert (kinds.count("Attention"), kinds.count("SkipLayerNormalization"), kinds.count("BiasGelu")) == (2, 4, 2)
    model.eval()
    session = onnxruntime.InferenceSession(export.file)
    for batch, length in ((1, 1), (3, 17)):
        tokens = torch.randint(1, 80, (batch, length))
        given = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens), "token_type_ids": tokens % 2}
        with torch.no_grad():
            expected = model(**given).logits.numpy()
        (found,) = session.run(None, {name: value.numpy() for name, value in given.items()})
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_many_weights_lie_beside_the_file(tmp_path: Path) -> None:
    graph = make_plain_graph(_tagger().eval())
    with quiet_export():
        write_graph(graph, tmp_path, "torchscript", "a tagger", file_limit=100)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["model.onnx", "model.onnx.data"]
    assert (tmp_path / "model.onnx.data").stat().st_size > sum(p.numel() for p in graph.model.parameters())
    assert check_shapes(graph.model, tmp_path, [graph], 1e-4).largest < 1e-4


def test_what_is_not_exported_is_refused_in_words(tmp_path: Path) -> None:
    sizes = {"d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 1, "num_heads": 2, "vocab_size": 10}
    with pytest.raises(ModelError, match=r"encoder-decoder without a language model's head.*export its encoder alone"):
        check_onnx(t.T5Model(t.T5Config(**sizes)))
    sliding = t.MistralConfig(sliding_window=8)
    with pytest.raises(ModelError, match=r"cache of another kind \(DynamicSlidingWindowLayer\).*without a cache"):
        check_exportable(t.MistralForCausalLM, sliding, cache=True)
    check_exportable(t.MistralForCausalLM, sliding)
    with pytest.raises(ModelError, match=r"float16; ONNX export takes float32 \(use model\.float\(\)\)"):
        export_onnx(_tagger().half(), tmp_path / "onnx")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something").touch()
    with pytest.raises(OutputError, match="not empty"):
        export_onnx(_tagger(), tmp_path / "full")
