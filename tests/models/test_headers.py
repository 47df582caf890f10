from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persopt.domain.errors import ModelError
from persopt.models.headers import find_weights, read_header


def test_tensors_are_those_that_safetensors_reads(checkpoint: Path) -> None:
    from safetensors import safe_open

    file = checkpoint / "model.safetensors"
    with safe_open(file, framework="pt") as reader:
        expected = {name: tuple(reader.get_slice(name).get_shape()) for name in reader.keys()}  # noqa: SIM118 - no dict
    assert {tensor.name: tensor.shape for tensor in read_header(file)} == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(data=st.data())
def test_a_file_cut_anywhere_is_refused(checkpoint: Path, data: st.DataObject) -> None:
    whole = (checkpoint / "model.safetensors").read_bytes()
    cut = checkpoint / "cut.safetensors"
    cut.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(ModelError, match=r"cut\.safetensors"):
        read_header(cut)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "any.safetensors"
    file.write_bytes(content)
    with contextlib.suppress(ModelError):
        assert sum(tensor.bytes for tensor in read_header(file)) < len(content)


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"^weights: .*gone\.safetensors cannot be read: No such file"):
        read_header(tmp_path / "gone.safetensors", "$.weights")


def test_overlapping_tensors_are_refused(tmp_path: Path) -> None:
    entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    header = json.dumps({"a": entry, "b": entry}).encode()
    file = tmp_path / "model.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 8)
    with pytest.raises(ModelError, match="corrupted at b"):
        read_header(file)


def test_a_git_lfs_pointer_is_named(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 90868376\n")
    with pytest.raises(ModelError, match="git lfs pull"):
        read_header(file)


def test_shards_are_found_by_their_index(tmp_path: Path) -> None:
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    (tmp_path / "model-00001-of-00002.safetensors").touch()
    with pytest.raises(ModelError, match=r"names model-00002-of-00002\.safetensors"):
        find_weights(tmp_path)
    (tmp_path / "model-00002-of-00002.safetensors").touch()
    assert [file.name for file in find_weights(tmp_path)] == sorted(index["weight_map"].values())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": []}', '{"weight_map": {"a": "../b.safetensors"}}'])
def test_a_bad_index_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path.parent / "b.safetensors").touch()
    (tmp_path / "model.safetensors.index.json").write_text(text)
    with pytest.raises(ModelError, match=r"index\.json"):
        find_weights(tmp_path)
