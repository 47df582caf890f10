"""A look into data sets: whole ones, big ones by their beginning, and those that cannot be used as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pyarrow import parquet

from persopt.data import sample as sampling
from persopt.data.files import SUFFIXES
from persopt.data.reading import read_dataset
from persopt.data.row_counts import count_rows
from persopt.data.sample import sample_dataset
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec

ROWS = [{"متن": f"متن {number}, «خوب»\n{'و ' * (number % 7)}", "label": "ab"[number % 2]} for number in range(400)]


def write_rows(folder: Path, form: str) -> Path:
    """Write the rows as one split of a format, after which their classes are sorted as they come."""
    table = pa.Table.from_pylist(ROWS)
    if form == "csv":
        lines = ["متن,label", *(f'"{row["متن"]}",{row["label"]}' for row in ROWS)]
        (folder / "train.csv").write_text("\n".join(lines), encoding="utf-8")
    elif form == "jsonl":
        (folder / "train.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS) + "\n\n", encoding="utf-8")
    elif form == "json":
        (folder / "train.json").write_text(json.dumps(ROWS, ensure_ascii=False), encoding="utf-8")
    elif form == "parquet":
        parquet.write_table(table, folder / "train.parquet")
    else:
        DatasetDict({"train": Dataset(table)}).save_to_disk(str(folder / "saved"))
        return folder / "saved"
    return folder


@pytest.mark.parametrize("form", ["csv", "jsonl", "json", "parquet", "saved"])
@pytest.mark.parametrize("big", [False, True])
def test_every_form_tells_the_same(form: str, big: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = write_rows(tmp_path, form)
    if big:
        monkeypatch.setattr(sampling, "_WHOLE_BYTES", 100)
        monkeypatch.setattr(sampling, "_HEAD_BYTES", 3000)
        monkeypatch.setattr(sampling, "_WHOLE_ROWS", 100)
        monkeypatch.setattr(sampling, "_HEAD_ROWS", 50)
    found = sample_dataset(place, 3)
    assert found.rows == {"train": 400}
    assert (found.task, found.split, found.whole, found.fault) == ("text-classification", "train", not big, "")
    assert [(item.name, item.kind, item.role) for item in found.columns] == [
        ("متن", "text", "text"),
        ("label", "text", "label"),
    ]
    assert [(item.name, item.rows) for item in found.labels] == ([] if big else [("a", 200), ("b", 200)])
    assert [row.values for row in found.sample] == ROWS[:3]


def test_splits_pairs_and_names_of_classes(tmp_path: Path) -> None:
    kinds = Features({"premise": Value("string"), "hypothesis": Value("string"), "label": ClassLabel(names=["n", "e"])})
    rows = {"premise": ["x" * 400, "y"], "hypothesis": ["z", "w"], "label": [1, 0]}
    made = {name: Dataset.from_dict(rows, features=kinds) for name in ("train", "test")}
    DatasetDict(made).save_to_disk(str(tmp_path / "pairs"))
    found = sample_dataset(tmp_path / "pairs", 2, "test")
    assert (found.rows, found.split) == ({"train": 2, "test": 2}, "test")
    assert [item.role for item in found.columns] == ["text", "second-text", "label"]
    assert [(item.name, item.rows) for item in found.labels] == [("n", 1), ("e", 1)]
    first, second = found.sample
    assert first.values == {"premise": "x" * 300 + "…", "hypothesis": "z", "label": "e"}
    assert (first.cut, second.cut) == (["premise"], [])
    with pytest.raises(DataError, match=r"no such split.*'validation'.*'test'"):
        sample_dataset(tmp_path / "pairs", 2, "validation")


def test_words_with_tags_plain_texts_and_images(tmp_path: Path) -> None:
    lines = [f"{number}\tواژه{number}\t_\t{tag}" + "\t_" * 6 for number, tag in ((1, "NOUN"), (2, "VERB"), (3, "NOUN"))]
    (tmp_path / "train.conllu").write_text("# متن\n" + "\n".join(lines) + "\n\n" + "\n".join(lines[:2]) + "\n")
    found = sample_dataset(tmp_path / "train.conllu")
    assert (found.task, found.rows) == ("token-classification", {"train": 2})
    assert [(item.name, item.rows) for item in found.labels] == [("NOUN", 3), ("VERB", 2)]
    (tmp_path / "poem.txt").write_text("یک\nدو\n\nسه\n")
    found = sample_dataset(tmp_path / "poem.txt")
    assert (found.task, found.rows, found.labels) == ("causal-language-modeling", {"train": 2}, [])
    assert [row.values for row in found.sample] == [{"text": "یک\nدو"}, {"text": "سه"}]
    for name in ("cat", "dog"):
        (tmp_path / "images" / name).mkdir(parents=True)
        Image.new("RGB", (4, 4)).save(tmp_path / "images" / name / f"{name}1.png")
    found = sample_dataset(tmp_path / "images")
    assert (found.task, [item.name for item in found.labels]) == ("image-classification", ["cat", "dog"])
    assert found.sample[0].values == {"image": {"path": "cat1.png", "bytes": None}, "label": "cat"}


def test_what_cannot_be_used_as_it_is_is_shown_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("tag,class\nmany words here,others there\nsome more of them,and of these\n")
    found = sample_dataset(tmp_path)
    assert (found.task, found.rows, len(found.sample)) == (None, {"train": 2}, 2)
    assert [item.role for item in found.columns] == [None, None]
    assert "could be the label" in found.fault


def test_a_damaged_row_far_behind_leaves_the_count_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_WHOLE_BYTES", 100)
    monkeypatch.setattr(sampling, "_HEAD_BYTES", 1000)
    (tmp_path / "train.csv").write_text("text,label\n" + "some,a\nmore,b\n" * 500 + "one,two,three\n")
    found = sample_dataset(tmp_path)
    assert (found.rows, found.task) == ({"train": None}, "text-classification")


FIELD = st.text(alphabet='ab "\n,\tب', max_size=6)


@given(st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=8))
def test_csv_is_counted_as_it_is_read(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    file = tmp_path_factory.mktemp("counted") / "a.csv"
    quoted = ["text,label", *(",".join('"' + field.replace('"', '""') + '"' for field in row) for row in rows)]
    file.write_text("\n".join(quoted), encoding="utf-8")
    assert count_rows(file, DataSpec()) == read_dataset(file, DataSpec())["train"].num_rows == len(rows)


@given(st.text(alphabet="ab \n\tب", max_size=40).filter(str.strip))
def test_texts_are_counted_as_they_are_read(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.mktemp("counted") / "a.txt"
    file.write_text(text, encoding="utf-8")
    assert count_rows(file, DataSpec()) == read_dataset(file, DataSpec())["train"].num_rows


def test_every_format_can_be_counted() -> None:
    assert set(SUFFIXES.values()) == {"delimited", "json", "parquet", "conllu", "text"}
