from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persopt.data.reading import hash_dataset, read_dataset
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec

ROWS: list[dict[str, Any]] = [{"text": f"متن {number}", "label": "ab"[number % 2]} for number in range(6)]

INSPECT = """
import sys
from pathlib import Path
from persopt.data.inspection import inspect_dataset
from persopt.domain.programs import DataSpec
for name in sys.argv[1:]:
    assert inspect_dataset(Path(name), DataSpec(validation_fraction=0.3)).rows == {"train": 4, "validation": 2}
assert not {"torch", "transformers"} & set(sys.modules)
"""


def write_csv(path: Path) -> None:
    path.write_text("text,label\n" + "".join(f"{row['text']},{row['label']}\n" for row in ROWS), "utf-8")


def write_json_lines(path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), "utf-8")


def write_parquet(path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.Table.from_pylist(ROWS), path)


def write_saved(path: Path) -> None:
    from datasets import Dataset

    from persopt.data.quiet import quiet_datasets

    with quiet_datasets():
        Dataset.from_list(ROWS).save_to_disk(path)


FORMS: dict[str, Callable[[Path], None]] = {
    "data.csv": write_csv,
    "data.jsonl": write_json_lines,
    "data.parquet": write_parquet,
    "saved": write_saved,
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    FORMS[name](tmp_path / name)
    dataset = read_dataset(tmp_path / name, DataSpec())
    assert list(dataset) == ["train"]
    assert dataset["train"].to_list() == ROWS


@pytest.mark.parametrize("name", FORMS)
def test_the_hash_follows_the_contents(name: str, tmp_path: Path) -> None:
    FORMS[name](tmp_path / name)
    before = hash_dataset(tmp_path / name)
    (tmp_path / "moved").mkdir()
    moved = (tmp_path / name).rename(tmp_path / "moved" / name)
    assert hash_dataset(moved) == before
    files = [moved] if moved.is_file() else list(moved.glob("*.arrow"))
    content = files[0].read_bytes()
    middle = len(content) // 2
    files[0].write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    assert hash_dataset(moved) != before


def test_the_hash_tells_splits_apart(tmp_path: Path) -> None:
    write_csv(tmp_path / "train.csv")
    (tmp_path / "dev.csv").write_text("text,label\nx,a\n")
    before = hash_dataset(tmp_path)
    (tmp_path / "dev.csv").rename(tmp_path / "test.csv")
    assert hash_dataset(tmp_path) != before


def test_files_of_one_split_are_joined(tmp_path: Path) -> None:
    write_csv(tmp_path / "b-train.csv")
    (tmp_path / "a-train.csv").write_text("label;text\nb;first\n")
    train = read_dataset(tmp_path, DataSpec())["train"]
    assert train["text"][:] == ["first", *(row["text"] for row in ROWS)]


def test_files_of_one_split_must_have_the_same_columns(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text("text,class\nx,y\n")
    with pytest.raises(DataError, match=r"a\.csv and b\.csv make up one split, but only one of them has 'class'"):
        read_dataset(tmp_path, DataSpec())


def test_a_saved_dictionary_keeps_the_names_of_its_splits(tmp_path: Path) -> None:
    from datasets import ClassLabel, Dataset, DatasetDict

    from persopt.data.quiet import quiet_datasets

    with quiet_datasets():
        part = Dataset.from_list([{"text": "a", "label": 1}]).cast_column("label", ClassLabel(names=["no", "yes"]))
        DatasetDict({"first": part, "second": part}).save_to_disk(tmp_path / "saved")
    dataset = read_dataset(tmp_path / "saved", DataSpec())
    assert list(dataset) == ["first", "second"]
    assert dataset["first"].features["label"].names == ["no", "yes"]


def test_parquet_of_categories_is_read(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({"text": ["x", "y"], "label": pa.array(["a", "b"]).dictionary_encode()})
    parquet.write_table(table, tmp_path / "a.parquet")
    assert read_dataset(tmp_path / "a.parquet", DataSpec())["train"]["label"][:] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", r"a\.csv is empty"),
        ("a.csv", "text,label\n", r"'train' of .*a\.csv has no rows"),
        ("a.jsonl", "[]", "has no rows"),
        ("a.parquet", "PAR1 but not really", r"a\.parquet cannot be read as Parquet"),
        ("none/a.csv", None, r"a\.csv does not exist"),
        ("saved/state.json", "{}", r"state\.json is damaged"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, content: str | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    location = tmp_path / "saved" if name.startswith("saved") else tmp_path / name
    with pytest.raises(DataError, match=message) as caught:
        read_dataset(location, DataSpec())
    assert caught.value.faults[0].path == "$.datasetPath"


def test_reading_files_writes_nothing_says_nothing_and_needs_no_torch(tmp_path: Path) -> None:
    for name, write in FORMS.items():
        write(tmp_path / name)
    home = tmp_path / "home"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-c", INSPECT, *FORMS],
        cwd=tmp_path,
        env=environment | {"HOME": str(home), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(home.rglob("*")) == []
