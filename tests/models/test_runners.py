"""Opening models for running: checkpoints, artifacts of a backend, ONNX; and what is said where it cannot be."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import pytest
import torch
import transformers

from persopt.domain.errors import ModelError, PluginError
from persopt.models.manifest import Source, write_manifest
from persopt.models.runners import OpenedModel, open_runner
from persopt.models.torch_runner import open_torch_runner
from persopt.plugins import Artifact, Runner
from persopt.plugins.points import find_point
from persopt.plugins.registry import Offer, PluginRecord, Registry

IDS = np.array([[2, 9, 11, 3], [2, 7, 3, 0]])
MASK = np.array([[1, 1, 1, 1], [1, 1, 1, 0]])


class Copying:
    """A backend whose artifact is the checkpoint as it was."""

    name = "copying"
    title = {"en": "Copying", "fa": "رونوشت"}
    options = msgspec.Struct

    def runner(self, artifact: Artifact, device: str, threads: int) -> AbstractContextManager[Runner]:
        if artifact.format == "broken":
            raise RuntimeError("the engine is out of order")
        return open_torch_runner(artifact.path, device, threads)


def _registry() -> Registry:
    return Registry([], [Offer(point=find_point("quantization-backend"), contribution=Copying(), origin="copying 1")])


def _make_artifact(source: Path, folder: Path, **changes: Any) -> Path:
    shutil.copytree(source, folder)
    given = {"format": "safetensors", "backend": "copying", "plugin": "persopt-copying 1.0"} | changes
    write_manifest(folder, config={"bits": 32}, model=Source(path=str(source)), **given)
    return folder


def _expected(folder: Path) -> Any:
    model: Any = transformers.AutoModel.from_pretrained(folder)
    with torch.no_grad():
        return model.eval()(torch.from_numpy(IDS), attention_mask=torch.from_numpy(MASK)).last_hidden_state.numpy()


def test_a_checkpoint_runs_in_pytorch(checkpoints: Callable[[str], Path]) -> None:
    folder, threads = checkpoints("bert"), torch.get_num_threads()
    with open_runner(folder, Registry(), threads=1) as opened:
        frozen = IDS[::-1].copy()[::-1]
        frozen.flags.writeable = False
        found = opened.run({"input_ids": frozen, "attention_mask": MASK, "unknown": IDS})
        np.testing.assert_allclose(found["last_hidden_state"], _expected(folder), atol=1e-6)
        assert opened.inputs == ("input_ids", "attention_mask", "token_type_ids", "position_ids")
        assert opened.format == "safetensors"
        assert opened.size == (folder / "model.safetensors").stat().st_size
        assert opened.processor("good film")["input_ids"][0] == 2
        assert opened.config.model_type == "bert"
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == threads


def test_half_precision_runs_as_it_is_and_comes_back_in_float32(
    checkpoints: Callable[[str], Path], tmp_path: Path
) -> None:
    transformers.AutoModel.from_pretrained(checkpoints("gpt2")).to(torch.bfloat16).save_pretrained(tmp_path)
    with open_runner(tmp_path, Registry()) as opened:
        half = opened.run({"input_ids": IDS})["last_hidden_state"]
    with open_runner(tmp_path, Registry(), dtype="float32") as opened:
        whole = opened.run({"input_ids": IDS})["last_hidden_state"]
    assert half.dtype == whole.dtype == np.float32
    assert 0 < np.abs(half - whole).max() < 0.1


def test_an_artifact_runs_by_its_backend(checkpoints: Callable[[str], Path], tmp_path: Path) -> None:
    folder = _make_artifact(checkpoints("bert"), tmp_path / "made", task="token-classification")
    with open_runner(folder, _registry()) as opened:
        found = opened.run({"input_ids": IDS, "attention_mask": MASK})
        assert opened.task == "token-classification"
        assert opened.manifest is not None
    np.testing.assert_allclose(found["last_hidden_state"], _expected(folder), atol=1e-6)


def test_what_stands_in_the_way_is_told(checkpoints: Callable[[str], Path], tmp_path: Path) -> None:
    def fail(folder: Path, registry: Registry) -> OpenedModel:
        with open_runner(folder, registry) as opened:
            return opened

    plain = _make_artifact(checkpoints("bert"), tmp_path / "plain")
    missing = "backend 'copying' of persopt-copying 1.0, which is not installed .*`pip install persopt-copying`"
    with pytest.raises(ModelError, match=missing):
        fail(plain, Registry())
    record = PluginRecord(name="copy", module="copying", distribution="persopt-copying", blocked=True)
    with pytest.raises(ModelError, match=r"copying 1\.0, which is installed, but blocked by the settings") as caught:
        fail(plain, Registry([record]))
    assert "PERSOPT_BLOCK_PLUGINS" in caught.value.faults[0].hint
    assert "pip install" not in str(caught.value)
    broken = _make_artifact(checkpoints("bert"), tmp_path / "broken", format="broken")
    with pytest.raises(PluginError, match=r"'copying' of copying 1: RuntimeError: the engine is out of order"):
        fail(broken, _registry())
    with pytest.raises(ModelError, match="is not a folder"):
        fail(tmp_path / "nowhere", Registry())
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"has no config\.json"):
        fail(tmp_path / "empty", Registry())


def test_onnx_without_a_manifest_runs_in_onnx_runtime(tmp_path: Path) -> None:
    helper = onnx.helper
    float_type, int_type = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["input_ids", "attention_mask"], ["kept"]),
            helper.make_node("Cast", ["kept"], ["logits"], to=float_type),
        ],
        "masked",
        [helper.make_tensor_value_info(name, int_type, ["b", "l"]) for name in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("logits", float_type, ["b", "l"])],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), tmp_path / "model.onnx"
    )
    with open_runner(tmp_path, Registry(), threads=1) as opened:
        assert (opened.format, opened.inputs, opened.task) == ("onnx", ("input_ids", "attention_mask"), None)
        np.testing.assert_array_equal(opened.run({"input_ids": IDS, "attention_mask": MASK})["logits"], IDS * MASK)
        np.testing.assert_array_equal(opened.run({"input_ids": IDS})["logits"], IDS)
        with pytest.raises(ModelError, match="takes input_ids, which is not given; got attention_mask"):
            opened.run({"attention_mask": MASK})
    (tmp_path / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match="ONNX Runtime cannot open"), open_runner(tmp_path, Registry()):
        pass
