from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from persopt.domain.errors import ModelError
from persopt.plugins.contracts.quantization import Artifact, QuantizationRequest, Supported, Unsupported
from persopt.quantization.builtin.torch_backend import TorchBackend, TorchOptions
from persopt.quantization.torch_artifacts.storage import load_quantized
from tests.quantization.models import make_inputs, make_model

BACKEND = TorchBackend()
CASES: dict[str, dict[str, Any]] = {
    "int8": {"method": "dynamic", "bits": 8},
    "int8-token": {"method": "dynamic", "bits": 8, "activation_granularity": "token"},
    "int8-token-symmetric": {
        "method": "dynamic",
        "bits": 8,
        "activation_granularity": "token",
        "activation_symmetric": True,
    },
    "int8-symmetric-tensor": {"method": "dynamic", "bits": 8, "activation_symmetric": True, "per_channel": False},
    "static": {"method": "static", "bits": 8},
    "static-symmetric": {"method": "static", "bits": 8, "activation_symmetric": True, "ranges": "mse"},
    "weights-8": {"method": "weight-only", "bits": 8, "symmetric": False},
    "weights-4": {"method": "weight-only", "bits": 4, "symmetric": False},
    "gptq": {"method": "weight-only", "bits": 4, "rounding": "gptq"},
}


def quantize(
    tmp_path: Path, family: str, options: TorchOptions | None = None, *, seed: int = 0, **fields: Any
) -> tuple[Any, Artifact]:
    """Save a model, quantize it, and return both."""
    model = make_model(family, seed)
    source, target = tmp_path / "model", tmp_path / "output"
    model.save_pretrained(source)
    target.mkdir()
    request = QuantizationRequest(model=str(source), output=str(target), **fields)
    assert BACKEND.supports(options or TorchOptions(), request) == Supported()
    batches = [make_inputs(family, rows=8, seed=seed) for seed in range(2)]
    return model, BACKEND.quantize(options or TorchOptions(), request, batches)


def run(artifact: Artifact, batch: dict[str, Any], device: str = "cpu") -> np.ndarray[Any, Any]:
    with BACKEND.runner(artifact, device, 1) as runner:
        return runner.run(batch)["logits"]


def relative_error(found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def expect(model: Any, batch: dict[str, Any]) -> np.ndarray[Any, Any]:
    with torch.inference_mode():
        output: np.ndarray[Any, Any] = model(
            **{name: torch.as_tensor(value) for name, value in batch.items()}
        ).logits.numpy()
    return output


@pytest.mark.parametrize("case", CASES)
def test_the_outputs_are_near_the_original_and_the_kernels_compute_what_the_formulas_say(
    tmp_path: Path, case: str
) -> None:
    model, artifact = quantize(tmp_path, "bert", **CASES[case])
    batch = make_inputs("bert", seed=5)
    found = run(artifact, batch)
    assert relative_error(found, expect(model, batch)) < (0.4 if "4" in case or case == "gptq" else 0.06)
    plain: Any = load_quantized(Path(artifact.path), integer=False)
    assert relative_error(found, expect(plain, batch)) < 5e-3  # what lies halfway may go the other way


@pytest.mark.parametrize("family", ["gpt2", "llama", "gemma", "t5", "gated-t5", "distilbert", "vit"])
def test_every_family_comes_back(tmp_path: Path, family: str) -> None:
    model, artifact = quantize(tmp_path, family, method="dynamic", bits=8)
    batch = make_inputs(family, seed=5)
    assert relative_error(run(artifact, batch), expect(model, batch)) < 0.05


def test_a_weight_of_4_bits_takes_half_a_byte(tmp_path: Path) -> None:
    _, artifact = quantize(tmp_path, "bert", TorchOptions(embeddings="as-weights"), method="weight-only", bits=4)
    before = sum(file.stat().st_size for file in (tmp_path / "model").glob("*.safetensors"))
    after = sum(file.stat().st_size for file in Path(artifact.path).glob("*.safetensors"))
    assert after < before * 0.30  # half a byte, an eighth of a byte for the scale, biases and the file's header


def test_tied_weights_are_stored_once_and_run_in_both_places(tmp_path: Path) -> None:
    from safetensors import safe_open

    model, artifact = quantize(tmp_path, "gpt2", method="weight-only", bits=8)
    assert model.lm_head.weight is model.transformer.wte.weight
    with safe_open(str(next(Path(artifact.path).glob("*.safetensors"))), framework="pt") as file:
        tables = [name for name in file.keys() if file.get_slice(name).get_shape() == [60, 32]]  # noqa: SIM118 - no mapping
    assert tables == ["transformer.wte.values"]


def test_kept_layers_are_as_they_were(tmp_path: Path) -> None:
    model, artifact = quantize(tmp_path, "bert", method="dynamic", bits=8, keep=("classifier", "*.layer.1"))
    loaded: Any = load_quantized(Path(artifact.path), integer=True)
    for name in ("classifier", "bert.encoder.layer.1.output.dense"):
        kept = loaded.get_submodule(name)
        assert type(kept) is torch.nn.Linear
        assert torch.equal(kept.weight, model.get_submodule(name).weight)
    assert type(loaded.bert.encoder.layer[0].output.dense) is not torch.nn.Linear


@pytest.mark.parametrize("float_type", ["bf16", "fp16"])
def test_16_bits_are_a_checkpoint_that_transformers_loads(tmp_path: Path, float_type: str) -> None:
    from transformers import AutoModelForSequenceClassification

    model, artifact = quantize(tmp_path, "bert", method="dynamic", bits=16, float_type=float_type)
    plain: Any = AutoModelForSequenceClassification.from_pretrained(artifact.path)
    assert plain.dtype == {"bf16": torch.bfloat16, "fp16": torch.float16}[float_type]
    batch = make_inputs("bert")
    assert relative_error(run(artifact, batch), expect(model, batch)) < 0.05


def test_gptq_is_nearer_than_rounding(tmp_path: Path) -> None:
    batch = make_inputs("llama", rows=8, seed=0)
    errors = []
    for rounding in ("nearest", "gptq"):
        model, artifact = quantize(tmp_path / rounding, "llama", method="weight-only", bits=4, rounding=rounding)
        errors.append(relative_error(run(artifact, batch), expect(model, batch)))
    assert errors[1] < errors[0]


def test_32_bits_change_nothing(tmp_path: Path) -> None:
    model, artifact = quantize(tmp_path, "bert", method="dynamic", bits=32)
    batch = make_inputs("bert")
    assert np.array_equal(run(artifact, batch), expect(model, batch))


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"method": "static", "bits": 4}, "weight-only"),
        ({"method": "dynamic", "bits": 8, "symmetric": False}, "symmetric=true"),
        ({"method": "dynamic", "bits": 8, "activation_granularity": "channel"}, "activation_granularity=tensor"),
        ({"method": "static", "bits": 8, "activation_granularity": "token"}, "activation_granularity=tensor"),
        ({"method": "weight-only", "bits": 8, "rounding": "gptq"}, "rounding=nearest"),
        ({"method": "weight-only", "bits": 3}, "bits=4"),
        ({"method": "static", "bits": 16}, "method=dynamic"),
    ],
)
def test_what_it_cannot_do_it_says_with_the_nearest_that_it_can(fields: dict[str, Any], word: str) -> None:
    answer = BACKEND.supports(TorchOptions(), QuantizationRequest(model="", output="", **fields))
    assert isinstance(answer, Unsupported)
    assert word in answer.instead


def test_a_damaged_artifact_is_told(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    _, artifact = quantize(tmp_path, "bert", method="dynamic", bits=8)
    file = next(Path(artifact.path).glob("*.safetensors"))
    tensors = load_file(file)
    del tensors["bert.pooler.dense.scale"]
    save_file(tensors, file)
    with pytest.raises(ModelError, match=r"damaged.*bert.pooler.dense.scale"), BACKEND.runner(artifact, "cpu", 1):
        pass


def test_numbers_that_are_not_finite_have_no_range(tmp_path: Path) -> None:
    model = make_model("bert")
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight[:, 0] = float("inf")
    model.save_pretrained(tmp_path / "model")
    (tmp_path / "output").mkdir()
    request = QuantizationRequest(
        model=str(tmp_path / "model"), output=str(tmp_path / "output"), method="static", bits=8
    )
    with pytest.raises(ModelError, match="NaN or infinite"):
        BACKEND.quantize(TorchOptions(), request, [make_inputs("bert")])


@pytest.mark.parametrize("method", ["dynamic", "weight-only"])
def test_transformers_opens_the_layout_of_torchao(tmp_path: Path, method: str) -> None:
    from transformers import AutoModelForSequenceClassification

    options = TorchOptions(layout="torchao")
    model, artifact = quantize(tmp_path, "bert", options, method=method, bits=8, keep=("classifier",))
    assert artifact.format == "torchao"
    plain: Any = AutoModelForSequenceClassification.from_pretrained(artifact.path)
    assert type(plain.bert.pooler.dense.weight).__name__ == "Int8Tensor"
    assert type(plain.classifier.weight).__name__ == "Parameter"
    batch = make_inputs("bert", seed=5)
    found = run(artifact, batch)
    assert relative_error(found, expect(model, batch)) < 0.06
    assert relative_error(found, expect(plain, batch)) < 0.03  # its symmetric activations have half a step more


def test_the_layout_of_torchao_is_for_8_symmetric_bits() -> None:
    request = QuantizationRequest(model="", output="", method="weight-only", bits=4)
    answer = BACKEND.supports(TorchOptions(layout="torchao"), request)
    assert answer == Unsupported(
        "torchao's layout is for 8-bit symmetric weights, dynamic or weight-only", "backendOptions.layout=packed"
    )
