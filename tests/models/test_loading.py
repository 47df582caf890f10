from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persopt.domain.errors import ModelError
from persopt.models.loading import load_config, load_for_task, load_tokenizer
from persopt.models.quiet import quiet_transformers
from tests.models.tiny import ARCHITECTURES, save_tiny

LABELS = ["neg", "neu", "pos"]


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_a_padded_batch_gives_logits_for_the_labels(kind: str, checkpoints: Callable[[str], Path]) -> None:
    tokenizer = load_tokenizer(checkpoints(kind))
    model: Any = load_for_task(checkpoints(kind), "text-classification", LABELS)
    batch: Any = tokenizer(["good film", "bad"], padding=True, return_tensors="pt")
    assert model(**batch).logits.shape == (2, 3)
    assert model.config.id2label == {0: "neg", 1: "neu", 2: "pos"}
    assert model.config.label2id == {"neg": 0, "neu": 1, "pos": 2}


def test_half_precision_weights_are_trained_in_single(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel

    folder = save_tiny(tmp_path / "half")
    with quiet_transformers():
        AutoModel.from_pretrained(folder, dtype=torch.float16).save_pretrained(folder)
    model = load_for_task(folder, "text-classification", LABELS)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_a_head_of_another_size_is_made_anew_and_one_of_the_same_kept(tmp_path: Path) -> None:
    import torch

    first: Any = load_for_task(save_tiny(tmp_path / "body"), "text-classification", LABELS)
    first.save_pretrained(tmp_path / "trained")
    load_tokenizer(tmp_path / "body").save_pretrained(tmp_path / "trained")
    same: Any = load_for_task(tmp_path / "trained", "text-classification", LABELS)
    assert torch.equal(same.classifier.weight, first.classifier.weight)
    other: Any = load_for_task(tmp_path / "trained", "text-classification", [*LABELS, "more"])
    assert other.classifier.weight.shape == (4, 32)
    name = "bert.encoder.layer.0.output.dense.weight"
    assert torch.equal(other.get_parameter(name), first.get_parameter(name))


def test_the_new_head_follows_the_seed(checkpoints: Callable[[str], Path]) -> None:
    import torch

    def draw(seed: int) -> Any:
        torch.manual_seed(seed)
        model: Any = load_for_task(checkpoints("bert"), "text-classification", LABELS)
        return model.classifier.weight

    assert torch.equal(draw(3), draw(3))
    assert not torch.equal(draw(3), draw(4))


def test_training_a_model_leaves_its_checkpoint_as_it_was(checkpoint: Path) -> None:
    import torch

    file = checkpoint / "model.safetensors"
    before = file.read_bytes()
    model = load_for_task(checkpoint, "text-classification", LABELS)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    assert file.read_bytes() == before


def test_a_checkpoint_without_parts_of_its_body_is_refused(checkpoint: Path) -> None:
    from safetensors.torch import load_file, save_file

    file = checkpoint / "model.safetensors"
    tensors = load_file(file)
    lacking = next(name for name in sorted(tensors) if "layer.1" in name)
    save_file({name: tensor for name, tensor in tensors.items() if name != lacking}, file, metadata={"format": "pt"})
    with pytest.raises(ModelError, match=rf"{lacking} is missing \(1 such tensors\)"):
        load_for_task(checkpoint, "text-classification", LABELS)


def test_weights_of_another_shape_than_the_config_are_refused(checkpoint: Path) -> None:
    _edit(checkpoint, intermediate_size=48)
    with pytest.raises(ModelError, match="is of another shape"):
        load_for_task(checkpoint, "text-classification", LABELS)


def test_an_unknown_architecture_is_refused(checkpoint: Path) -> None:
    _edit(checkpoint, model_type="novel")
    with pytest.raises(ModelError, match=r"configuration in .* cannot be loaded: .*novel"):
        load_config(checkpoint)


def test_an_architecture_without_such_a_head_is_refused(checkpoint: Path) -> None:
    _edit(checkpoint, model_type="vit")
    with pytest.raises(ModelError, match="'vit' has no head for text-classification"):
        load_for_task(checkpoint, "text-classification", LABELS)


def test_a_damaged_tokenizer_is_refused(checkpoint: Path) -> None:
    (checkpoint / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"the tokenizer in .* cannot be loaded"):
        load_tokenizer(checkpoint)


def test_a_tokenizer_takes_no_more_than_its_model(tmp_path: Path) -> None:
    assert load_tokenizer(save_tiny(tmp_path / "short", max_position_embeddings=16)).model_max_length == 16


def test_gpt2_pads_with_its_end_of_text(checkpoints: Callable[[str], Path]) -> None:
    tokenizer = load_tokenizer(checkpoints("gpt2"))
    model: Any = load_for_task(checkpoints("gpt2"), "text-classification", LABELS)
    assert tokenizer.pad_token_id == tokenizer.eos_token_id == model.config.pad_token_id


def test_loading_is_silent(checkpoints: Callable[[str], Path], capfd: pytest.CaptureFixture[str]) -> None:
    load_tokenizer(checkpoints("albert"))
    load_for_task(checkpoints("albert"), "token-classification", LABELS, {"dropout": 0.1})
    assert capfd.readouterr() == ("", "")


def test_silence_ends_with_the_block() -> None:
    from transformers.utils import logging

    def levels() -> tuple[int, bool]:
        return logging.get_verbosity(), logging.is_progress_bar_enabled()

    before = levels()
    with contextlib.suppress(RuntimeError), quiet_transformers():
        assert levels() != before
        raise RuntimeError
    assert levels() == before


def _edit(folder: Path, **fields: object) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))
