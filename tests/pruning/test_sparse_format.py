"""The sparse encoding: its size, its layout, and the way back byte for byte."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from persopt.domain.errors import ModelError
from persopt.pruning.checkpoint import open_shard
from persopt.pruning.sparse_format import expand_sparse, write_sparse_shard
from tests.models.tiny import save_tiny
from tests.support.prunings import prune_here, read_tensors, save_sharded

pytestmark = pytest.mark.usefixtures("one_torch_thread")

FOREIGN = Path(__file__).parent / "sparse_bitmask"  # written by compressed-tensors: see the README there


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "bert")


@pytest.mark.parametrize(("dtype", "sparsity"), [("float32", 0.5), ("bfloat16", 0.7), ("float16", 0.05)])
def test_the_sparse_copy_has_the_size_told_and_gives_the_dense_files_back(
    tmp_path: Path, model: Path, dtype: str, sparsity: float
) -> None:
    sharded = save_sharded(model, tmp_path / "sharded", dtype)
    report = prune_here(tmp_path, sharded, sparsity=sparsity, sparse_copy=True)
    assert report.sparse_path is not None
    files = list(Path(report.sparse_path).iterdir())
    assert sum(file.stat().st_size for file in files) == report.sparse_bytes
    written = expand_sparse(Path(report.sparse_path), tmp_path / "dense")
    assert {file.name for file in written} == {file.name for file in sharded.glob("*.safetensors")}
    for file in written:
        assert file.read_bytes() == (tmp_path / "pruned" / file.name).read_bytes()


def test_the_size_is_told_without_a_copy_too(tmp_path: Path, model: Path) -> None:
    with_copy = prune_here(tmp_path / "a", model, sparsity=0.8, sparse_copy=True)
    without = prune_here(tmp_path / "b", model, sparsity=0.8)
    assert without.sparse_bytes == with_copy.sparse_bytes < without.after.bytes
    assert without.sparse_path is None
    assert not (tmp_path / "b" / "pruned" / "sparse").exists()


def test_the_layout_is_a_bit_a_weight_and_the_weights_that_are_left(tmp_path: Path, model: Path) -> None:
    report = prune_here(tmp_path, model, sparsity=0.8, sparse_copy=True)
    dense = read_tensors(tmp_path / "pruned")
    stored = load_file(f"{report.sparse_path}/model.sparse.safetensors")
    prefixes = [name.removesuffix(".bitmask") for name in stored if name.endswith(".bitmask")]
    assert len(prefixes) > 5
    for prefix in prefixes:
        weight = dense[f"{prefix}.weight"]
        bits = np.unpackbits(stored[f"{prefix}.bitmask"].numpy(), axis=1, bitorder="little")
        kept = torch.from_numpy(bits)[:, : weight.shape[1]].bool()
        assert torch.equal(kept, weight != 0)
        assert torch.equal(stored[f"{prefix}.compressed"], weight[weight != 0])
        assert stored[f"{prefix}.shape"].tolist() == list(weight.shape)
        for row, begin in enumerate(stored[f"{prefix}.row_offsets"].tolist()):
            assert begin == int((weight[:row] != 0).sum())


@pytest.mark.parametrize("version", ["0.8.1", "0.14.0.1"])
def test_files_of_compressed_tensors_are_read_bit_for_bit(tmp_path: Path, version: str) -> None:
    (tmp_path / "in").mkdir()
    shutil.copy(FOREIGN / f"{version}.safetensors", tmp_path / "in" / "model.safetensors")
    (file,) = expand_sparse(tmp_path / "in", tmp_path / "out")
    found, expected = load_file(file), load_file(FOREIGN / "dense.safetensors")
    assert file.name == "model.safetensors"
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype
        assert found[name].shape == tensor.shape
        assert torch.equal(found[name].view(torch.uint8), tensor.view(torch.uint8))


def test_the_tensors_written_are_those_of_compressed_tensors(tmp_path: Path) -> None:
    shard = open_shard(FOREIGN / "dense.safetensors")
    nonzero = {name: int(torch.count_nonzero(tensor)) for name, tensor in load_file(shard.file).items()}
    found = load_file(write_sparse_shard(shard, tmp_path, nonzero))
    expected = load_file(FOREIGN / "0.14.0.1.safetensors")
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor), name
    assert expand_sparse(tmp_path, tmp_path / "out")[0].read_bytes() == shard.file.read_bytes()


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("shape", torch.tensor([20, 6]), r"of shape \[20, 6\] cannot have a bitmask of shape \[6, 3\]"),
        ("compressed", torch.ones(2), "has 2 weights, and its bitmask"),
        ("compressed", torch.ones(2, dtype=torch.int8), "is of type I8"),
        ("compressed", None, "lacks layer.dense.compressed"),
    ],
)
def test_broken_sparse_files_are_told(tmp_path: Path, part: str, value: torch.Tensor | None, message: str) -> None:
    stored = load_file(FOREIGN / "0.14.0.1.safetensors")
    del stored[f"layer.dense.{part}"]
    changed = stored if value is None else stored | {f"layer.dense.{part}": value}
    save_file(changed, tmp_path / "model.sparse.safetensors")
    with pytest.raises(ModelError, match=message):
        expand_sparse(tmp_path, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_folders_without_sparse_files_of_persopt_are_told(tmp_path: Path, model: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"holds no \*.sparse.safetensors"):
        expand_sparse(tmp_path / "empty", tmp_path / "out")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "model.sparse.safetensors").write_bytes((model / "model.safetensors").read_bytes())
    with pytest.raises(ModelError, match=r"is no sparse file"):
        expand_sparse(tmp_path / "odd", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
