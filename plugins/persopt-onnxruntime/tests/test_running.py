"""The runner takes what a tokenizer gives, and says what is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from persopt.domain.errors import ModelError
from persopt_onnxruntime.running import OnnxRunner


def test_inputs_are_taken_by_name_and_cast(encoder: Path, batch: dict[str, Any], original: Any) -> None:
    runner = OnnxRunner(encoder.parent, "cpu", 1)
    assert set(runner.inputs) == {"input_ids", "attention_mask", "token_type_ids"}
    narrow = {name: value.astype(np.int32) for name, value in batch.items()} | {"labels": np.zeros(6)}
    np.testing.assert_array_equal(runner.run(narrow)["logits"], original(batch))


def test_a_missing_input_is_named(encoder: Path, batch: dict[str, Any]) -> None:
    del batch["attention_mask"]
    with pytest.raises(ModelError, match="attention_mask is missing"):
        OnnxRunner(encoder.parent, "cpu", 1).run(batch)


def test_files_that_cannot_be_opened(encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no model\.onnx"):
        OnnxRunner(tmp_path, "cpu", 1)
    shutil.copy(encoder, tmp_path / "model.onnx")
    (tmp_path / "model.onnx").write_bytes(encoder.read_bytes()[:5000])
    with pytest.raises(ModelError, match="cannot be opened"):
        OnnxRunner(tmp_path, "cpu", 1)


@pytest.mark.skipif("CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="has CUDA")
def test_a_device_that_is_not_there(encoder: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot run on cuda .*onnxruntime-gpu"):
        OnnxRunner(encoder.parent, "cuda", 1)
