"""LoRA trained for real: what changes, what is saved, and what it gives when it is loaded again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from persopt.domain.errors import ModelError
from persopt.models.description import check_model
from persopt.tuning.training import train_trial
from tests.support.tiny_models import RecordingTrial, make_request, make_text_program
from tests.support.tiny_tasks import make_image_program, make_language_program, make_pair_program

pytestmark = pytest.mark.usefixtures("one_torch_thread")

POINT: dict[str, Any] = {"loraRank": 4, "loraAlpha": 8.0, "loraDropout": 0.1, "learningRate": 1e-2}


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # PEFT asks by the old name
def test_a_merged_and_a_kept_adapter_are_the_same_model(tmp_path: Path) -> None:
    merged_program = make_text_program(tmp_path / "merged")
    kept_program = make_text_program(tmp_path / "kept", adapter="keep")

    merged = train_trial(merged_program, make_request(tmp_path / "merged", epochs=4, **POINT), RecordingTrial())
    kept = train_trial(kept_program, make_request(tmp_path / "kept", epochs=4, **POINT), RecordingTrial())

    assert kept.metrics == merged.metrics
    assert merged.metrics["accuracy"] > 0.5
    plain: Any = AutoModelForSequenceClassification.from_pretrained(merged.checkpoint).eval()
    settings = json.loads((Path(kept.checkpoint) / "adapter_config.json").read_text("utf-8"))
    assert settings["base_model_name_or_path"] == kept_program.model
    base = AutoModelForSequenceClassification.from_pretrained(settings["base_model_name_or_path"], num_labels=3)
    adapted = PeftModel.from_pretrained(base, kept.checkpoint).eval()
    inputs = AutoTokenizer.from_pretrained(kept.checkpoint)(["گربه سگ", "یک"], return_tensors="pt", padding=True)
    with torch.no_grad():
        assert torch.allclose(plain(**inputs).logits, adapted(**inputs).logits, atol=1e-5)
    assert plain.config.id2label == {0: "animal", 1: "colour", 2: "number"}
    config = json.loads((Path(kept.checkpoint) / "config.json").read_text("utf-8"))
    assert config["id2label"] == {"0": "animal", "1": "colour", "2": "number"}
    with pytest.raises(ModelError, match="is an adapter; merge it"):
        check_model(Path(kept.checkpoint))


def test_the_parameters_measured_are_those_of_the_model_that_is_saved(tmp_path: Path) -> None:
    program = make_text_program(tmp_path, max_steps=1)
    program = msgspec.structs.replace(
        program, training=msgspec.structs.replace(program.training, measure=["parameters"])
    )

    outcome = train_trial(program, make_request(tmp_path, **POINT), RecordingTrial())

    saved = load_file(Path(outcome.checkpoint) / "model.safetensors")
    assert outcome.metrics["parameters"] == sum(tensor.numel() for tensor in saved.values())


def test_only_the_adapter_and_the_head_change(tmp_path: Path) -> None:
    program = make_text_program(tmp_path, max_steps=3)
    base = load_file(Path(program.model) / "model.safetensors")

    outcome = train_trial(program, make_request(tmp_path, **POINT), RecordingTrial())

    trained = load_file(Path(outcome.checkpoint) / "model.safetensors")
    changed = {name for name in base if not torch.equal(trained[f"bert.{name}"], base[name])}
    layers = {name for name in base if name.endswith(".weight") and name.startswith("encoder.") and "Norm" not in name}
    poolers = {name for name in base if name.startswith("pooler.")}  # train whole, as the head does
    assert layers
    assert changed == layers | poolers


@pytest.mark.parametrize(
    ("make", "bf16"),
    [(make_text_program, False), (make_language_program, True), (make_pair_program, False), (make_image_program, True)],
)
def test_an_adapter_learns_with_checkpointed_gradients_too(tmp_path: Path, make: Any, bf16: bool) -> None:
    program = make(tmp_path, adapter="keep", max_steps=2)

    outcome = train_trial(
        program, make_request(tmp_path, **POINT, gradientCheckpointing=True, bf16=bf16), RecordingTrial()
    )

    saved = load_file(Path(outcome.checkpoint) / "adapter_model.safetensors")
    updates = [tensor for name, tensor in saved.items() if "lora_B" in name]
    assert updates
    assert all(float(tensor.abs().max()) > 0 for tensor in updates)  # each began at zero


def test_rank_zero_trains_the_whole_model(tmp_path: Path) -> None:
    program = make_text_program(tmp_path, adapter="keep", max_steps=1)

    outcome = train_trial(program, make_request(tmp_path, loraRank=0), RecordingTrial())

    assert not (Path(outcome.checkpoint) / "adapter_config.json").exists()
    assert (Path(outcome.checkpoint) / "model.safetensors").is_file()
