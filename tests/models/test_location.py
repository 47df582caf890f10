from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from persopt.domain.errors import ModelError
from persopt.models.location import locate_model
from persopt.settings import Settings
from tests.models.fake_hub import COMMIT, serve_hub

SCRIPT = """
import sys
from persopt.domain.errors import ModelError
from persopt.models.location import locate_model
from persopt.settings import Settings
try:
    print(locate_model(sys.argv[1], Settings(home="workspace")))
except ModelError as error:
    print("ModelError", error)
"""


@pytest.mark.parametrize("given", ["bert", "models/bert", "{workspace}/models/bert", "workspace/models/bert"])
def test_a_model_of_the_workspace_has_many_names(given: str, tmp_path: Path) -> None:
    folder = tmp_path / "workspace" / "models" / "bert"
    folder.mkdir(parents=True)
    found = locate_model(given.format(workspace=tmp_path / "workspace"), Settings(home="workspace"))
    assert found.is_absolute()
    assert found.samefile(folder)


def test_a_missing_model_is_told_with_the_places_looked_at(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        locate_model("./models/none", Settings(home="workspace"), "$.modelPath")
    assert caught.value.faults[0].path == "$.modelPath"
    for place in (tmp_path / "models/none", tmp_path / "workspace/models/none"):
        assert str(place) in str(caught.value)


def test_a_file_is_not_a_model(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(ModelError, match="is a file; expected the folder"):
        locate_model("model.safetensors", Settings(home="workspace"))


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(ModelError, match="is empty"):
        locate_model(" ", Settings(home="workspace"))


def test_a_hub_id_offline_is_told_from_a_typing_error() -> None:
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE forbids to download"):
        locate_model("acme/none", Settings(home="workspace"))


def test_a_model_is_downloaded_once_and_then_found_offline(
    checkpoints: Callable[[str], Path], checkpoint: Path, tmp_path: Path
) -> None:
    (checkpoint / "pytorch_model.bin").write_bytes(b"a pickle")
    with serve_hub({"models/acme/tiny": checkpoint}) as endpoint:
        folder = Path(_locate("acme/tiny", tmp_path, HF_ENDPOINT=endpoint))
        told = _locate("acme/none", tmp_path, HF_ENDPOINT=endpoint)
        assert told.endswith("on the Hugging Face hub: it is not there, or not public")
    assert folder.name == COMMIT
    there = {item.name for item in checkpoints("bert").iterdir()}
    assert {item.name for item in folder.iterdir()} == there, "all but the pickle"
    assert _locate("acme/tiny", tmp_path, HF_HUB_OFFLINE="1") == str(folder)


def test_a_hub_that_cannot_be_reached_is_told_in_a_few_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    told = _locate("acme/none", tmp_path, HF_ENDPOINT=f"http://127.0.0.1:{port}")
    assert told.endswith("on the Hugging Face hub: not in its cache, and the hub cannot be reached")


def _locate(given: str, home: Path, **environment: str) -> str:
    base = {name: value for name, value in os.environ.items() if name not in ("HF_HUB_OFFLINE", "HF_ENDPOINT")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, given],
        env=base | {"HF_HOME": str(home / "hf"), "HF_HUB_DISABLE_XET": "1"} | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stderr == ""
    return done.stdout.strip()
