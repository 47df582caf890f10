from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from persopt.data.location import locate_dataset
from persopt.domain.errors import DataError
from persopt.settings import Settings
from tests.models.fake_hub import serve_hub

SCRIPT = """
import sys
from persopt.data.inspection import inspect_dataset
from persopt.data.location import locate_dataset
from persopt.domain.errors import DataError
from persopt.settings import Settings
try:
    location = locate_dataset(sys.argv[1], Settings(home="workspace"))
    summary = inspect_dataset(location)
    print(repr(location), summary.rows, summary.labels, summary.hash)
except DataError as error:
    print("DataError", error)
"""


@pytest.mark.parametrize(
    "given", ["reviews.csv", "datasets/reviews.csv", "{workspace}/datasets/reviews.csv", "workspace/datasets"]
)
def test_data_of_the_workspace_have_many_names(given: str, tmp_path: Path) -> None:
    folder = tmp_path / "workspace" / "datasets"
    folder.mkdir(parents=True)
    (folder / "reviews.csv").touch()
    found = locate_dataset(given.format(workspace=tmp_path / "workspace"), Settings(home="workspace"))
    assert isinstance(found, Path)
    assert found.is_absolute()
    assert found.samefile(folder / "reviews.csv") or found.samefile(folder)


@pytest.mark.parametrize("given", ["reviws.csv", "./none", "datasets/none"])
def test_missing_data_are_told_with_the_places_looked_at(given: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        locate_dataset(given, Settings(home="workspace"))
    assert caught.value.faults[0].path == "$.datasetPath"
    for place in (tmp_path / given, tmp_path / "workspace" / given, tmp_path / "workspace/datasets" / given):
        assert str(place.absolute()) in str(caught.value)
    assert "hub" not in str(caught.value)


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(DataError, match="is empty"):
        locate_dataset("", Settings(home="workspace"))


def test_a_hub_id_offline_is_told_from_a_typing_error() -> None:
    with pytest.raises(DataError, match="HF_HUB_OFFLINE forbids to download"):
        locate_dataset("acme/none", Settings(home="workspace"))


def test_a_data_set_of_the_hub_is_read_and_then_found_offline(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    rows = "".join(f"text number {number},{'ab'[number % 2]}\n" for number in range(10))
    (repository / "train.csv").write_text("text,label\n" + rows)
    with serve_hub({"datasets/acme/rows": repository}) as endpoint:
        read = _inspect("acme/rows", tmp_path, HF_ENDPOINT=endpoint)
        assert "Repository Not Found" in _inspect("acme/none", tmp_path, HF_ENDPOINT=endpoint)
    assert read.startswith("'acme/rows' {'train': 8, 'validation': 2} ['a', 'b'] ")
    assert _inspect("acme/rows", tmp_path, HF_HUB_OFFLINE="1") == read
    assert "it cannot be reached" in _inspect("acme/none", tmp_path, HF_ENDPOINT=endpoint)


def _inspect(given: str, home: Path, **environment: str) -> str:
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
