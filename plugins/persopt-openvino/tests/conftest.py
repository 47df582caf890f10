"""A tiny encoder whose every piece matters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openvino_parts import Batch, Quantize

from persopt.plugins import Artifact, QuantizationRequest, Supported
from persopt_openvino import OpenvinoBackend, OpenvinoOptions

VOCABULARY = 150
WIDTH = 32


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers, 32 wide, whose weights are larger than at a training's start, so that errors show."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=2 * WIDTH,
        max_position_embeddings=40,
        num_labels=3,
        initializer_range=0.3,
    )
    folder = tmp_path_factory.mktemp("checkpoint")
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def batches() -> list[Batch]:
    """Four batches, some rows with padding."""
    random = np.random.default_rng(5)
    made = []
    for length in (9, 12, 7, 16):
        ids = random.integers(0, VOCABULARY, (4, length))
        mask = np.ones_like(ids)
        mask[0, length - 3 :] = 0
        made.append({"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
    return made


@pytest.fixture
def quantize(checkpoint: Path, batches: list[Batch], tmp_path: Path) -> Quantize:
    """Quantize the encoder as asked, after having asked whether it can be done."""
    backend = OpenvinoBackend()

    def run(options: OpenvinoOptions | None = None, **asked: Any) -> Artifact:
        output = tmp_path / "artifact"
        output.mkdir()
        request = QuantizationRequest(**({"model": str(checkpoint), "output": str(output)} | asked))
        options = options or OpenvinoOptions()
        assert backend.supports(options, request) == Supported()
        return backend.quantize(options, request, batches)

    return run
