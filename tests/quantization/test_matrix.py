"""What the backends say they can do: it stands in the documentation, and each of it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from persopt.domain.quantize_specs import QuantizeSpec
from persopt.plugins.contracts.quantization import Supported
from persopt.plugins.registry import Registry
from persopt.quantization.backends import Candidate
from persopt.quantization.matrix import CELLS, Cell, ask_backends, write_matrix
from persopt.quantization.stages.artifacts import ArtifactMaker
from persopt.settings import Settings
from persopt.ticker import Ticker
from tests.quantization.matrix_document import DOCUMENT, MODULES, load_backends, replace_matrix
from tests.support.quantizations import make_classifier, registry_of
from tests.support.threads import one_torch_thread

__all__ = ("one_torch_thread",)

REGISTRY = load_backends()
YES = [
    pytest.param(name, cell, id=f"{name}-{cell.method}-{cell.weights.replace(' ', '-')}-{cell.is_symmetric}")
    for name, answers in ask_backends(REGISTRY.quantization_backends).items()
    for cell, answer in zip(CELLS, answers, strict=True)
    if isinstance(answer, Supported)
]


class Bench:
    """A tiny model, and what has backends quantize it; ONNX files are made once."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        program = make_classifier(folder)
        self.spec = QuantizeSpec(
            model_path=program.model,
            dataset_path=program.dataset,
            data=program.data,
            task=program.task,
            calibration_rows=32,
        )
        self.folder, self.registry = folder, registry
        self.exported: dict[str, Any] = {}
        (folder / "work").mkdir()

    def run(self, name: str, cell: Cell, folder: Path, inputs: dict[str, Any]) -> np.ndarray[Any, Any]:
        """Have a backend do what a row asks, and return the logits of its artifact."""
        backend = self.registry.quantization_backend(name)
        spec = msgspec.structs.replace(self.spec, config=cell.config)
        ticker = Ticker(lambda _: None, lambda: False)
        model, cache = Path(spec.model_path), self.folder / "cache"
        maker = ArtifactMaker(spec, model, self.folder / "work", cache, self.registry, ticker)
        maker._exported = self.exported
        artifact = maker.make(Candidate(backend=backend, options=backend.options()), folder)
        # What `persopt.quantization.run` puts beside it.
        for file in model.glob("*.json"):
            if not (folder / file.name).exists():
                (folder / file.name).write_bytes(file.read_bytes())
        with backend.runner(artifact, "cpu", 1) as runner:
            return np.asarray(runner.run({name: inputs[name] for name in runner.inputs if name in inputs})["logits"])


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("matrix"), REGISTRY)


@pytest.fixture(scope="module")
def inputs() -> dict[str, Any]:
    tokens = np.random.default_rng(0).integers(5, 60, (3, 9))
    return {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}


@pytest.fixture(scope="module")
def expected(bench: Bench, inputs: dict[str, Any]) -> np.ndarray[Any, Any]:
    from persopt.models.torch_runner import open_torch_runner

    with open_torch_runner(bench.spec.model_path, "cpu", 1) as runner:
        return np.asarray(runner.run(inputs)["logits"])


@pytest.mark.usefixtures("one_torch_thread")
@pytest.mark.parametrize(("name", "cell"), YES)
def test_what_a_backend_says_it_can_it_does(
    tmp_path: Path, bench: Bench, inputs: dict[str, Any], expected: np.ndarray[Any, Any], name: str, cell: Cell
) -> None:
    found = bench.run(name, cell, tmp_path / "artifact", inputs)
    assert found.shape == expected.shape
    # The error of 4 bits on a model that nothing was trained in; a wrong scale or order of weights is far beyond.
    assert np.abs(found - expected).max() <= 0.5 * np.abs(expected).max()


def test_the_matrix_in_the_documentation_is_what_the_backends_declare() -> None:
    if len(REGISTRY.records) < len(MODULES):
        pytest.skip("not all of persopt's backends are here")
    assert all(not record.faults for record in REGISTRY.records)
    text = DOCUMENT.read_text("utf-8")
    hint = "write it anew: python -m tests.quantization.matrix_document"
    assert text == replace_matrix(text, REGISTRY), hint


def test_what_a_backend_cannot_stands_below_with_its_reason_and_the_nearest() -> None:
    table = write_matrix({"casting": registry_of(Settings()).quantization_backend("casting")})
    assert "| weight-only | 4 bits | no | no (1) |" in table
    assert "| cast | fp16 |  | yes |" in table
    assert table.endswith("1. `casting`: it has no 4 bits. The nearest: `bits=8`.\n")
