from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from persopt.data.inspection import inspect_dataset
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec, TaskName

GOOD = "text,label\n" + "".join(f"text number {number},{'ab'[number % 2]}\n" for number in range(10))


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, "utf-8")
    return folder


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_a_summary_tells_how_the_data_are_read(tmp_path: Path) -> None:
    write(tmp_path, train_csv=GOOD, dev_csv=GOOD)
    summary = inspect_dataset(tmp_path, DataSpec(max_train_rows=4))
    assert summary.task == "text-classification"
    assert summary.labels == ["a", "b"]
    assert summary.rows == {"train": 4, "validation": 10}
    assert (summary.data.text_columns, summary.data.label_column) == (["text"], "label")
    assert (summary.data.train_split, summary.data.validation_split, summary.data.test_split) == (
        "train",
        "validation",
        None,
    )
    assert summary.data.max_train_rows == 4


@pytest.mark.parametrize(
    "files",
    [
        {"data_csv": GOOD},
        {"dev_csv": GOOD, "test_csv": GOOD},
        {"train_csv": GOOD, "test_csv": "text\nno label\n"},
        {"data_jsonl": lines(*({"tokens": ["x", "y"], "tags": ["A", "B"]} for _ in range(5)))},
    ],
)
def test_inspecting_with_the_filled_in_spec_gives_the_same(files: dict[str, str], tmp_path: Path) -> None:
    summary = inspect_dataset(write(tmp_path, **files), seed=3)
    assert inspect_dataset(tmp_path, summary.data, summary.task, seed=3) == summary


def test_tab_separated_files_named_csv_are_read_as_pairs(tmp_path: Path) -> None:
    row = "مقدمه‌ای بلند\tفرضیه\t{}\n"
    header = "premise\thypothesis\tlabel\n"
    body = header + "".join(row.format(label) for label in "ecnecn")
    extra = header.replace("label", "label\thard(overlap)") + row.format("e\t1")
    (tmp_path / "Train-word.csv").write_text(body, "utf-8")
    (tmp_path / "Val-word.csv").write_text(body, "utf-8")
    (tmp_path / "Test-word.csv").write_text(extra, "utf-8")
    summary = inspect_dataset(tmp_path)
    assert summary.rows == {"train": 6, "validation": 6, "test": 1}
    assert (summary.data.text_columns, summary.labels) == (["premise", "hypothesis"], ["c", "e", "n"])


def test_treebanks_without_a_training_file_train_on_the_validation_one(tmp_path: Path) -> None:
    sentence = "1\tاو\tاو\tPRON\t_\t_\t2\tnsubj\t_\t_\n2\tرفت\tرفت\tVERB\t_\t_\t0\troot\t_\t_\n\n"
    for name in ("perdt-dev", "seraji-dev", "perdt-test", "seraji-test"):
        (tmp_path / f"{name}.conllu").write_text(sentence * 5, "utf-8")
    summary = inspect_dataset(tmp_path)
    assert (summary.task, summary.labels) == ("token-classification", ["PRON", "VERB"])
    assert summary.rows == {"train": 8, "validation": 2, "test": 10}


def test_a_test_split_without_labels_is_left_out_unless_it_is_named(tmp_path: Path) -> None:
    write(tmp_path, train_csv=GOOD, test_csv="text,label\nsomething,\n")
    assert inspect_dataset(tmp_path).rows == {"train": 8, "validation": 2}
    with pytest.raises(DataError, match="1 of 1 rows of the split 'test' have no label"):
        inspect_dataset(tmp_path, DataSpec(test_split="test"))


@pytest.mark.parametrize(
    ("files", "path", "message"),
    [
        ({"data_csv": "text,label\nx,a\ny,a\nz,a\n"}, "labelColumn", "same label 'a' .*nothing to learn"),
        ({"data_csv": GOOD + "late,\n"}, "labelColumn", "1 of 11 rows .* the first is row 11"),
        ({"train_csv": GOOD, "dev_csv": "text,label\nx,a\ny,new\nz,new\n"}, "labelColumn",
         r"split 'validation' has labels that no training row has: 'new' \(2 rows\); training rows have 'a', 'b'"),
        ({"train_csv": GOOD, "test_csv": "text,label\nx,new\n"}, "labelColumn", "split 'test' has labels that no"),
        ({"train_csv": GOOD, "dev_csv": "text,class\nx,a\n"}, "labelColumn",
         "the split 'validation' has no column 'label'; it has text, class"),
        ({"train_csv": GOOD, "dev_csv": "content,label\nx,a\n"}, "textColumns", "has no column 'text'"),
        ({"data_csv": "text,label\n" + ",a\n,b\n" * 5}, "textColumns", "all texts of the split 'train' are empty"),
        ({"data_jsonl": lines({"tokens": ["x", "y"], "tags": ["A"]}, {"tokens": ["x"], "tags": ["B"]})},
         "labelColumn", "row 1 of the split 'train' has 2 words in 'tokens' but 1 tags in 'tags'"),
        ({"data_jsonl": lines({"tokens": ["x"], "tags": ["A"]}, {"tokens": [], "tags": []})},
         "labelColumn", "1 of 2 rows .* the first is row 2"),
        ({"data_jsonl": lines({"tokens": ["x"], "tags": ["A"]}, {"tokens": ["x"], "tags": [None]})},
         "labelColumn", "1 of 2 rows .* the first is row 2"),
        ({"data_csv": "text,label\n" + "".join(f"text {n},{n}.5\n" for n in range(40))}, "labelColumn",
         "a rating or measure, not a class"),
    ],
)  # fmt: skip
def test_what_would_stop_a_training_is_told_before(
    files: dict[str, str], path: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        inspect_dataset(write(tmp_path, **files))
    assert caught.value.faults[0].path == f"$.data.{path}"


def test_columns_of_a_file_without_a_header_can_be_named(tmp_path: Path) -> None:
    rows = "".join(f"{number}\t{(-1) ** number}\tsnippet number {number}\n" for number in range(10))
    (tmp_path / "snippets.tsv").write_text(rows)
    spec = DataSpec(columns=["id", "sign", "snippet"])
    summary = inspect_dataset(tmp_path / "snippets.tsv", spec)
    assert (summary.data.text_columns, summary.data.label_column) == (["snippet"], "sign")
    assert summary.labels == ["-1", "1"]
    assert sum(summary.rows.values()) == 10


def test_declared_classes_keep_their_ids(tmp_path: Path) -> None:
    from datasets import ClassLabel, Dataset

    from persopt.data.quiet import quiet_datasets

    task: TaskName = "text-classification"
    with quiet_datasets():
        data = Dataset.from_dict({"text": ["x", "y"] * 5, "label": [0, 1] * 5})
        data.cast_column("label", ClassLabel(names=["z", "a"])).save_to_disk(tmp_path / "saved")
    assert inspect_dataset(tmp_path / "saved", task=task).labels == ["z", "a"]
