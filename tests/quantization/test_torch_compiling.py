"""What is compiled gives what eager mode and the formulas give, and what cannot be compiled runs all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from persopt.plugins.contracts.quantization import QuantizationRequest, Unsupported
from persopt.quantization.builtin.torch_backend import TorchOptions
from persopt.quantization.schemes import Scheme, quantize_tensor
from persopt.quantization.torch_artifacts.compiling import TracedLinear, has_compiler
from persopt.quantization.torch_artifacts.layers import Activation
from persopt.quantization.torch_artifacts.modules import IntegerLinear
from persopt.quantization.torch_artifacts.storage import load_quantized, read_stored
from persopt.quantization.torch_artifacts.whole_model import NumberedLinear
from tests.quantization.models import make_inputs
from tests.quantization.test_torch_backend import BACKEND, expect, quantize, relative_error, run

COMPILED = TorchOptions(compile="auto")
WHOLE = TorchOptions(compile="model")
NEEDS_COMPILER = pytest.mark.skipif(not has_compiler(), reason="torch.compile needs a C++ compiler: no g++ on PATH")


@pytest.fixture
def fresh_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let nothing that was compiled before, on the disk or in this process, be found."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    yield
    torch._dynamo.reset()


@pytest.mark.parametrize(
    "activation", [Activation(), Activation(symmetric=True), Activation(scale=0.01, zero_point=100)]
)
@pytest.mark.parametrize("shape", [(2, 9), (0, 9)])
def test_the_layer_that_is_traced_computes_what_the_eager_one_does(
    activation: Activation, shape: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    scheme = Scheme(bits=8, symmetric=True, granularity="channel")
    layer = IntegerLinear(quantize_tensor(torch.randn(48, 32), scheme), torch.randn(48), activation)
    values = torch.randn(*shape, 32) * 3
    expected = layer(values)
    for traced in (TracedLinear(layer), NumberedLinear(layer, 0)):
        found = traced(values)
        assert found.shape == expected.shape
        assert torch.allclose(found, expected, rtol=1e-5, atol=1e-4)


@NEEDS_COMPILER
@pytest.mark.usefixtures("fresh_compiler")
def test_compiled_blocks_give_what_eager_ones_and_the_formulas_give(tmp_path: Path) -> None:
    # Attention's own layers are kept, since each integer product costs the compiler seconds.
    _, artifact = quantize(tmp_path, "bert", COMPILED, method="dynamic", bits=8, keep=("*.attention.*",))
    eager: Any = load_quantized(Path(artifact.path), integer=True)
    plain: Any = load_quantized(Path(artifact.path), integer=False)
    with BACKEND.runner(artifact, "cpu", 1) as runner:
        for rows, seed in ((3, 5), (4, 6), (2, 7)):
            batch = make_inputs("bert", rows=rows, seed=seed)
            found = runner.run(batch)["logits"]
            assert relative_error(found, expect(eager, batch)) < 5e-3  # what lies halfway may go the other way
            assert relative_error(found, expect(plain, batch)) < 5e-3
    # Both blocks and all three shapes share one graph.
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1


@NEEDS_COMPILER
@pytest.mark.usefixtures("fresh_compiler")
def test_each_whole_model_gives_what_it_gives_in_eager_mode(tmp_path: Path) -> None:
    """Two models of one architecture share code; their weights are constants, which must not be shared."""
    for graphs, (seed, sizes) in enumerate(((0, (3, 4)), (1, (3,))), start=1):
        _, artifact = quantize(tmp_path / str(seed), "bert", WHOLE, seed=seed, method="dynamic", bits=8)
        eager: Any = load_quantized(Path(artifact.path), integer=True)
        with BACKEND.runner(artifact, "cpu", 1) as runner:
            for rows in sizes:
                batch = make_inputs("bert", rows=rows, seed=rows)
                assert relative_error(runner.run(batch)["logits"], expect(eager, batch)) < 5e-3
        assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == graphs
    # Query, key and value are one product: four a layer, of two layers, the pooler and the classifier.
    assert torch._dynamo.utils.counters["inductor"]["qlinear_unary_lower_count"] == 2 * (4 * 2 + 2)


@pytest.mark.parametrize("options", [COMPILED, WHOLE])
def test_without_a_compiler_it_runs_in_eager_mode_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, options: TorchOptions
) -> None:
    monkeypatch.setenv("CXX", str(tmp_path / "no-compiler"))
    _, artifact = quantize(tmp_path, "bert", options, method="dynamic", bits=8)
    _, plain = quantize(tmp_path / "plain", "bert", method="dynamic", bits=8)
    assert any("ran in eager mode" in note for note in artifact.notes)
    batch = make_inputs("bert", seed=5)
    assert np.array_equal(run(artifact, batch), run(plain, batch))
    assert "install g++" in caplog.text


@pytest.mark.usefixtures("fresh_compiler")
@pytest.mark.parametrize("options", [COMPILED, WHOLE])
def test_what_cannot_be_compiled_runs_in_eager_mode_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, options: TorchOptions
) -> None:
    _, artifact = quantize(tmp_path, "bert", options, method="dynamic", bits=8)
    _, plain = quantize(tmp_path / "plain", "bert", method="dynamic", bits=8)
    broken = tmp_path / "broken-compiler"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CXX", str(broken))
    batch = make_inputs("bert", seed=5)
    with torch._inductor.config.patch({"cpp.cxx": (None, str(broken))}):  # PyTorch read CXX at its import
        assert np.array_equal(run(artifact, batch), run(plain, batch))
    assert "runs in eager mode, torch.compile failed" in caplog.text
    assert ("blocks are compiled alone" in caplog.text) == (options is WHOLE)


def test_nothing_is_compiled_unless_it_is_asked_for(tmp_path: Path) -> None:
    _, plain = quantize(tmp_path / "plain", "bert", method="dynamic", bits=8)
    _, compiled = quantize(tmp_path / "compiled", "bert", COMPILED, method="dynamic", bits=8)
    _, whole = quantize(tmp_path / "whole", "bert", WHOLE, method="dynamic", bits=8)
    assert [read_stored(Path(one.path)).compile for one in (plain, compiled, whole)] == ["never", "auto", "model"]
    before = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    run(plain, make_inputs("bert"))
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == before


@pytest.mark.parametrize(
    ("fields", "layout", "word"),
    [
        ({"method": "dynamic", "bits": 16}, "packed", "compile=never"),
        ({"method": "dynamic", "bits": 8}, "torchao", "compile=never"),
        ({"method": "weight-only", "bits": 8}, "packed", "compile=never"),
        (
            {"method": "dynamic", "bits": 8, "activation_granularity": "token"},
            "packed",
            "activation_granularity=tensor",
        ),
    ],
)
def test_what_is_not_compiled_is_refused(fields: dict[str, Any], layout: Any, word: str) -> None:
    answer = BACKEND.supports(
        TorchOptions(compile="auto", layout=layout), QuantizationRequest(model="", output="", **fields)
    )
    assert isinstance(answer, Unsupported)
    assert word in answer.instead
