from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from persopt.domain.errors import ModelError
from persopt.domain.programs import TaskName
from persopt.models.adapters import AdapterSettings, add_adapter, merge_adapter
from persopt.models.heads import HEADS
from persopt.models.loading import load_for_task
from tests.models.tiny import save_tiny
from tests.support.tiny_tasks import make_image_model, make_language_model, make_writer

WORDS = ["a", "b", "c"]
IDS = torch.tensor([[3, 4, 5, 3], [5, 5, 4, 1]])


def load(kind: str, folder: Path) -> tuple[Any, TaskName, dict[str, Any]]:
    """Return a model, its task and a batch for it."""
    match kind:
        case "vit":
            make_image_model(folder)
            return (
                load_for_task(folder, "image-classification", WORDS),
                "image-classification",
                {"pixel_values": torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))},
            )
        case "t5" | "marian":
            make_writer(folder, WORDS, kind)
            return load_for_task(folder, "translation", []), "translation", {"input_ids": IDS, "decoder_input_ids": IDS}
        case "gpt2" | "llama":
            make_language_model(folder, WORDS, kind)
            task: TaskName = "causal-language-modeling"
            return load_for_task(folder, task, []), task, {"input_ids": IDS}
        case _:
            save_tiny(folder, kind)
            return load_for_task(folder, "text-classification", WORDS), "text-classification", {"input_ids": IDS}


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "albert", "gpt2", "llama", "t5", "marian", "vit"])
def test_an_adapter_begins_as_nothing_and_merges_into_what_it_became(tmp_path: Path, kind: str) -> None:
    model, task, batch = load(kind, tmp_path / "model")
    with torch.no_grad():
        before = model(**batch).logits

    adapted = add_adapter(model, AdapterSettings(rank=4, dropout=0.1), classifies=HEADS[task].classifies).eval()
    with torch.no_grad():
        assert torch.allclose(adapted(**batch).logits, before, atol=1e-6)
    training = {name: part for name, part in adapted.named_parameters() if part.requires_grad}
    adapters = [name for name in training if "lora_" in name]
    assert adapters
    assert all("lora_" in name or ".modules_to_save." in name for name in training)
    assert HEADS[task].classifies == any(".modules_to_save." in name for name in training)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for part in training.values():
            part.add_(torch.rand(part.shape, generator=generator) / 10)
        became = adapted(**batch).logits
        merged = merge_adapter(adapted)
        assert not torch.allclose(became, before, atol=1e-2)
        assert torch.allclose(merged(**batch).logits, became, atol=1e-4)
    assert not [name for name in merged.state_dict() if "lora" in name or "modules_to_save" in name]


def test_attention_alone_is_a_choice_of_targets(tmp_path: Path) -> None:
    model, _, _ = load("bert", tmp_path / "model")

    adapted = add_adapter(model, AdapterSettings(rank=2, targets="attention"), classifies=True)

    names = {name.rpartition(".lora_A")[0] for name, _ in adapted.named_parameters() if "lora_A" in name}
    assert names
    assert all(".attention." in name for name in names)
    assert adapted.peft_config["default"].lora_alpha == 4  # twice the rank


def test_a_model_without_such_layers_is_refused() -> None:
    from transformers import ResNetConfig, ResNetForImageClassification

    config = ResNetConfig(embedding_size=8, hidden_sizes=[8], depths=[1])
    with pytest.raises(ModelError, match="'resnet' has no linear layers among 'attention'"):
        add_adapter(ResNetForImageClassification(config), AdapterSettings(rank=2, targets="attention"), classifies=True)
