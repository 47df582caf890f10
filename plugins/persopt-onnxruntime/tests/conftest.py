"""A tiny encoder and a tiny decoder, exported once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from persopt.models.onnx_export import export_onnx
from persopt.plugins import Artifact, QuantizationRequest
from persopt_onnxruntime import OnnxRuntime, OnnxRuntimeOptions

SIZES: dict[str, Any] = {
    "vocab_size": 150,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ONNX file of a BERT that classifies, with weights as far from each other as in trained models."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    model: Any = BertForSequenceClassification(BertConfig(**SIZES, initializer_range=0.2))
    export = export_onnx(model.eval(), tmp_path_factory.mktemp("encoder") / "onnx", exporter="torchscript")
    return Path(export.file)


@pytest.fixture(scope="session")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ONNX file of a GPT-2, whose attention hides what comes later and whose projections are merged."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=150, n_embd=32, n_layer=1, n_head=2, n_positions=64, bos_token_id=1, eos_token_id=2, pad_token_id=0
    )
    model: Any = GPT2LMHeadModel(config)
    export = export_onnx(model.eval(), tmp_path_factory.mktemp("decoder") / "onnx", exporter="torchscript")
    return Path(export.file)


@pytest.fixture(scope="session")
def batches() -> list[dict[str, np.ndarray[Any, Any]]]:
    """Calibration batches of several lengths, padded."""
    return [make_batch(rows, length, seed) for seed, (rows, length) in enumerate(((8, 12), (8, 7), (5, 16)))]


@pytest.fixture
def quantize(encoder: Path, tmp_path: Path, batches: list[Any]) -> Callable[..., Artifact]:
    """Quantize the encoder: fields of the request, and `options`."""

    def run(options: OnnxRuntimeOptions | None = None, **fields: Any) -> Artifact:
        output = tmp_path / "artifact"
        output.mkdir()
        request = QuantizationRequest(
            **{
                "model": str(encoder.parent),
                "output": str(output),
                "method": "dynamic",
                "bits": 8,
                "onnx": str(encoder),
                **fields,
            }
        )
        return OnnxRuntime().quantize(options or OnnxRuntimeOptions(), request, batches)

    return run


@pytest.fixture
def original(encoder: Path) -> Callable[..., np.ndarray[Any, Any]]:
    """The logits of the encoder as it was exported."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(encoder), providers=["CPUExecutionProvider"])
    return lambda batch: session.run(None, {item.name: batch[item.name] for item in session.get_inputs()})[0]


@pytest.fixture
def batch() -> dict[str, np.ndarray[Any, Any]]:
    """Make a batch that nothing was calibrated on."""
    return make_batch(6, 11, seed=9)


def make_batch(rows: int, length: int, seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
    """Make random tokens; the rows are of several lengths, padded on the right."""
    chance = np.random.default_rng(seed)
    lengths = chance.integers(1, length + 1, rows)
    lengths[0] = length
    return {
        "input_ids": chance.integers(1, 150, (rows, length)),
        "attention_mask": (np.arange(length) < lengths[:, None]).astype(np.int64),
        "token_type_ids": np.zeros((rows, length), np.int64),
    }
