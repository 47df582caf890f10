"""The manifest of an artifact: complete, and damage is told in words."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from persopt.domain.errors import ModelError
from persopt.domain.quantize_specs import QuantizeConfig
from persopt.models.manifest import (
    MANIFEST_FILE,
    Manifest,
    Source,
    list_requirements,
    list_weight_files,
    read_manifest,
    verify_manifest,
    write_manifest,
)


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    folder = tmp_path / "artifact"
    (folder / "inner").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"graph")
    (folder / "inner" / "weights.bin").write_bytes(b"weights")
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.model").write_bytes(b"words")
    return folder


def _write(folder: Path) -> Manifest:
    return write_manifest(
        folder,
        format="onnx",
        backend="lamp",
        plugin="persopt-lamp 1.0",
        config=QuantizeConfig(bits=4),
        model=Source(path="/models/a", hash="12"),
        distributions=["pytest", "no-such-thing"],
        notes=["slower than it was"],
    )


def test_of_a_plugin_it_and_what_it_requires_are_recorded() -> None:
    assert {"hypothesis", "sortedcontainers"} <= set(list_requirements("hypothesis 6"))
    assert list_requirements("persopt 0.1.0") == ["torchao"]
    assert list_requirements("no-such-thing 1.0") == []


def test_what_is_written_is_read_again(artifact: Path) -> None:
    written = _write(artifact)
    assert read_manifest(artifact) == written == verify_manifest(artifact)
    assert written.config["bits"] == 4
    assert written.versions["pytest"] == pytest.__version__
    assert "no-such-thing" not in written.versions
    assert sorted(written.files) == ["config.json", "inner/weights.bin", "model.onnx", "tokenizer.model"]
    assert written.files["model.onnx"] == hashlib.sha256(b"graph").hexdigest()
    assert [file.name for file in list_weight_files(artifact)] == ["weights.bin", "model.onnx"]
    assert not list(artifact.glob(".*"))


def test_every_changed_file_is_named_at_once(artifact: Path) -> None:
    _write(artifact)
    (artifact / "model.onnx").write_bytes(b"grapH")
    (artifact / "config.json").write_text("{ }")
    with pytest.raises(ModelError, match=r"config\.json is not as written: its SHA-256 is") as caught:
        verify_manifest(artifact)
    assert len(caught.value.faults) == 2


def test_a_missing_file_is_named(artifact: Path) -> None:
    _write(artifact)
    (artifact / "model.onnx").unlink()
    with pytest.raises(ModelError, match=r"lacks model\.onnx, of which persopt\.json tells \(copy it again\)"):
        read_manifest(artifact)


def test_no_manifest_a_damaged_one_and_one_of_the_future(artifact: Path) -> None:
    with pytest.raises(ModelError, match=r"has no persopt\.json: it is no artifact"):
        read_manifest(artifact)
    _write(artifact)
    file = artifact / MANIFEST_FILE
    plain = json.loads(file.read_text())
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(ModelError, match=r"persopt\.json is damaged: .*\(copy the whole folder again\)"):
        read_manifest(artifact)
    del plain["backend"]
    file.write_text(json.dumps(plain))
    with pytest.raises(ModelError, match=r"damaged: .*`backend`"):
        read_manifest(artifact)
    file.write_text(json.dumps({"version": 2, "new": []}))
    with pytest.raises(ModelError, match=r"has the form 2; this persopt knows forms up to 1 \(install a newer"):
        read_manifest(artifact)


def test_a_manifest_cannot_name_files_elsewhere(artifact: Path) -> None:
    _write(artifact)
    file = artifact / MANIFEST_FILE
    plain = json.loads(file.read_text())
    plain["files"]["../secret"] = "0"
    (artifact.parent / "secret").touch()
    file.write_text(json.dumps(plain))
    with pytest.raises(ModelError, match=r"names \.\./secret, which lies outside the folder"):
        read_manifest(artifact)
