"""What the tests ask of an artifact: its outputs, and what its file says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from persopt.plugins import Artifact
from persopt_openvino import OpenvinoBackend
from persopt_openvino.libraries import load_openvino

Batch = dict[str, np.ndarray[Any, Any]]
Quantize = Callable[..., Artifact]


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
