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
    sizes: dict[str, Any] = {"num_labels": 3}
    config = BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=2 * WIDTH,
        max_position_embeddings=40,
        initializer_range=0.3,
        **sizes,
    )
    folder = tmp_path_factory.mktemp("checkpoint")
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def batches() -> list[Batch]:
    """Three batches, some rows with padding."""
    random = np.random.default_rng(5)
    made = []
    for length in (9, 12, 16):
        ids = random.integers(0, VOCABULARY, (4, length))
        mask = np.ones_like(ids)
        mask[0, length - 3 :] = 0
        made.append({"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
    return made


@pytest.fixture(scope="session")
def quantize(checkpoint: Path, batches: list[Batch], tmp_path_factory: pytest.TempPathFactory) -> Quantize:
    """Quantize the encoder as asked, once a session, after having asked whether it can be done."""
    backend = OpenvinoBackend()
    made: dict[str, Artifact] = {}

    def run(options: OpenvinoOptions | None = None, **asked: Any) -> Artifact:
        options = options or OpenvinoOptions()
        key = repr((options, sorted(asked.items())))
        if key not in made:
            output = tmp_path_factory.mktemp("artifact")
            given = {"model": str(checkpoint), "output": str(output)} | asked
            request = QuantizationRequest(**given)
            assert backend.supports(options, request) == Supported()
            made[key] = backend.quantize(options, request, batches)
        return made[key]

    return run
