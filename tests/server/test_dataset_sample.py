"""A look into a data set over HTTP: found inside the roots only, and true after its files have changed."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from persopt.runtime import Runtime
from tests.server.serving import API, open_workspace, serve

URL = f"{API}/datasets/sample"


@pytest.fixture
def folder(runtime: Runtime) -> Path:
    """A data set in the workspace."""
    place = runtime.settings.datasets / "text" / "words"
    place.mkdir(parents=True)
    (place / "train.csv").write_text("text,label\n" + "گربه,animal\nسرخ,colour\n" * 4)
    (place / "test.csv").write_text("text,label\nسگ,animal\n")
    return place


def test_a_data_set_is_told_with_its_first_rows(client: httpx.Client, folder: Path) -> None:
    names = ["datasets/text/words", "text/words", str(folder)]
    answers = [client.get(URL, params={"name": name, "limit": 2}).json() for name in names]
    assert [answer.pop("name") for answer in answers] == names
    first = answers[0]
    assert answers == [first] * 3
    assert first["rows"] == {"train": 8, "test": 1}
    assert (first["task"], first["split"], first["whole"], first["fault"]) == ("text-classification", "train", True, "")
    assert [(item["name"], item["role"]) for item in first["columns"]] == [("text", "text"), ("label", "label")]
    assert first["labels"] == [{"name": "animal", "rows": 4}, {"name": "colour", "rows": 4}]
    assert [row["values"] for row in first["sample"]] == [
        {"text": "گربه", "label": "animal"},
        {"text": "سرخ", "label": "colour"},
    ]
    assert first["bytes"] == sum(file.stat().st_size for file in folder.iterdir())


def test_what_was_read_is_remembered_until_it_changes(client: httpx.Client, folder: Path) -> None:
    asked = {"name": "text/words", "split": "test"}
    assert len(client.get(URL, params=asked).json()["sample"]) == 1
    with (folder / "test.csv").open("a") as file:
        file.write("آبی,colour\n")
    again = client.get(URL, params=asked).json()
    assert (again["rows"]["test"], len(again["sample"])) == (2, 2)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "~/x.csv", "datasets/link", "persopt.db", "a\x00b"]
)
def test_nothing_outside_the_roots_is_read(client: httpx.Client, folder: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.csv").write_text("text,label\nsecret,a\n")
    (folder.parent.parent / "link").symlink_to(tmp_path)
    answer = client.get(URL, params={"name": name})
    assert (answer.status_code, answer.json()["faults"][0]["path"]) == (422, "query.name")


def test_a_link_in_a_folder_does_not_lead_out(client: httpx.Client, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("text,label\nsecret,a\n")
    (folder / "validation.csv").symlink_to(tmp_path / "secret.csv")
    answer = client.get(URL, params={"name": "text/words", "split": "validation"})
    assert answer.status_code == 422
    assert "secret,a" not in answer.text


def test_a_name_that_is_not_there_names_the_nearest(client: httpx.Client, folder: Path) -> None:
    del folder
    answer = client.get(URL, params={"name": "datasets/text/wrods"})
    assert (answer.status_code, "did you mean 'datasets/text/words'" in answer.json()["detail"]) == (404, True)
    assert client.get(URL).status_code == 422
    assert client.get(URL, params={"name": "text/words", "limit": 51}).status_code == 422


def test_a_data_set_of_the_hub_is_read_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    blob = tmp_path / "hub" / "datasets--org--words" / "blobs" / "abc"
    snapshot = blob.parent.parent / "snapshots" / "1"
    for made in (blob.parent, snapshot):
        made.mkdir(parents=True)
    blob.write_text("text,label\n" + "a b,x\nc d,y\n" * 3)
    (snapshot / "train.csv").symlink_to(blob)
    with open_workspace(tmp_path) as runtime, serve(runtime) as client:
        found = client.get(URL, params={"name": "org/words"}).json()
    assert (found["rows"], found["task"]) == ({"train": 6}, "text-classification")
