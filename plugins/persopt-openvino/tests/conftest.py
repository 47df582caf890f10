"""A tiny encoder whose every piece matters, and what OpenVINO's files say of an artifact."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from persopt.plugins import Artifact, QuantizationRequest, Supported
from persopt_openvino import OpenvinoBackend, OpenvinoOptions
from persopt_openvino.libraries import load_openvino

Batch = dict[str, np.ndarray[Any, Any]]
Quantize = Callable[..., Artifact]

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


def outputs_of(artifact: Artifact, batches: list[Batch]) -> np.ndarray[Any, Any]:
    """The logits of all rows."""
    with OpenvinoBackend().runner(artifact, "cpu", 1) as runner:
        return np.concatenate([runner.run(batch)["logits"] for batch in batches])


def outputs_of_torch(folder: Path, batches: list[Batch]) -> np.ndarray[Any, Any]:
    """The logits of all rows, by PyTorch."""
    import torch
    from transformers import BertForSequenceClassification

    model = BertForSequenceClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        given = [model(**{name: torch.from_numpy(value) for name, value in batch.items()}).logits for batch in batches]
    return torch.cat(given).numpy()


def read_graph(artifact: Artifact) -> Any:
    """The artifact as plain OpenVINO reads it."""
    return load_openvino().Core().read_model(Path(artifact.path) / "openvino_model.xml")


def weight_of(graph: Any, module: str) -> Any:
    """The constant that a module's product goes back to, and the types of the operators between."""
    (product,) = [
        operator
        for operator in graph.get_ops()
        if operator.get_type_name() in ("MatMul", "Gather")
        and operator.get_friendly_name().startswith(f"__module.{module}/")
    ]
    node = product.input_value(1 if product.get_type_name() == "MatMul" else 0).get_node()
    between = []
    while node.get_type_name() != "Constant":
        between.append(node.get_type_name())
        node = node.input_value(0).get_node()
    return node, between
