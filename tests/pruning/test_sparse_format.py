"""The sparse encoding: its size, its layout, and the way back byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from persopt.domain.errors import ModelError
from persopt.pruning.sparse_format import expand_sparse
from tests.models.tiny import save_tiny
from tests.support.prunings import prune_here, read_tensors, save_sharded

pytestmark = pytest.mark.usefixtures("one_torch_thread")


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
    names = [name.removesuffix(".bitmask") for name in stored if name.endswith(".bitmask")]
    assert len(names) > 5
    for name in names:
        bits = np.unpackbits(stored[f"{name}.bitmask"].numpy(), axis=1, bitorder="little")
        kept = torch.from_numpy(bits)[:, : dense[name].shape[1]].bool()
        assert torch.equal(kept, dense[name] != 0)
        assert torch.equal(stored[f"{name}.compressed"], dense[name][dense[name] != 0])
        assert stored[f"{name}.shape"].tolist() == list(dense[name].shape)


def test_folders_without_sparse_files_of_persopt_are_told(tmp_path: Path, model: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no \*.sparse.safetensors"):
        expand_sparse(model, tmp_path / "out")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "model.sparse.safetensors").write_bytes((model / "model.safetensors").read_bytes())
    with pytest.raises(ModelError, match=r"is no sparse file of persopt"):
        expand_sparse(tmp_path / "odd", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
