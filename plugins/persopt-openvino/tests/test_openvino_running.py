from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from openvino_parts import Batch, Quantize, outputs_of, outputs_of_torch

from persopt.domain.errors import ModelError
from persopt.plugins import Artifact
from persopt_openvino import OpenvinoBackend


def test_32_bits_give_the_outputs_of_torch(quantize: Quantize, checkpoint: Path, batches: list[Batch]) -> None:
    artifact = quantize(method="dynamic", bits=32)
    wanted = outputs_of_torch(checkpoint, batches)
    np.testing.assert_allclose(outputs_of(artifact, batches), wanted, atol=1e-4)
    assert artifact.format == "openvino"
    with OpenvinoBackend().runner(artifact, "cpu", 1) as runner:
        assert runner.inputs == ("input_ids", "attention_mask", "token_type_ids")
        ids = batches[0]["input_ids"].astype(np.int32)
        whole = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        kept = runner.run(whole | {"labels": np.zeros(4)})["logits"]
        again = runner.run({"input_ids": ids})["logits"]
        np.testing.assert_array_equal(kept, again)  # and the next call did not write over the first one's outputs
        with pytest.raises(ModelError, match="input_ids was not given"):
            runner.run({"pixel_values": np.zeros(1)})
    with pytest.raises(ModelError, match="cuda was asked for"), OpenvinoBackend().runner(artifact, "cuda", 1):
        pass


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "openvino_model.xml").write_text("<net")
    (tmp_path / "openvino_model.bin").write_bytes(b"")
    artifact = Artifact(path=str(tmp_path), format="openvino")
    with pytest.raises(ModelError, match="cannot read"), OpenvinoBackend().runner(artifact, "cpu", 1):
        pass


def test_a_folder_without_the_files_is_refused(tmp_path: Path) -> None:
    artifact = Artifact(path=str(tmp_path), format="openvino")
    with (
        pytest.raises(ModelError, match=r"openvino_model\.xml is missing"),
        OpenvinoBackend().runner(artifact, "cpu", 1),
    ):
        pass


_PROGRAM = """
import sys
import numpy as np
from persopt.plugins import QuantizationRequest
from persopt_openvino import OpenvinoBackend, OpenvinoOptions
ids = np.arange(24).reshape(2, 12)
batch = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
request = QuantizationRequest(model=sys.argv[1], output=sys.argv[2], method="static", bits=8)
OpenvinoBackend().quantize(OpenvinoOptions(), request, [batch])
assert sys.modules["openvino_telemetry"] is None
"""


def test_a_process_reports_nothing_prints_nothing_and_writes_only_the_artifact(
    checkpoint: Path, tmp_path: Path
) -> None:
    """In a process of its own: with pytest in it NNCF is without its telemetry anyway."""
    home, output = tmp_path / "home", tmp_path / "output"
    home.mkdir()
    output.mkdir()
    path = os.pathsep.join(item for item in sys.path if item)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(checkpoint), str(output)],
        env={**os.environ, "HOME": str(home), "PYTHONPATH": path, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert not (home / "intel").exists()
    assert sorted(item.name for item in output.iterdir()) == ["openvino_model.bin", "openvino_model.xml"]
