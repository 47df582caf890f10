from __future__ import annotations

from pathlib import Path

import pytest

from persopt.data.files import find_split, list_files
from persopt.domain.errors import DataError


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Train-word", "train"),
        ("Val-word", "validation"),
        ("perdt-dev", "validation"),
        ("fa_seraji-ud-test", "test"),
        ("validation_matched", "validation"),
        ("test2", "test"),
        ("train-00000-of-00001", "train"),
        ("داده_آزمون", "test"),
        ("latest", None),
        ("restrained", None),
    ],
)
def test_a_split_is_found_by_the_words_of_a_name(name: str, split: str | None) -> None:
    assert find_split(name) == split


def test_a_name_of_two_splits_is_refused() -> None:
    with pytest.raises(DataError, match="several splits: test and train"):
        find_split("train_test")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Train-word.csv", "Val-word.csv", "Test-word.csv", "LICENSE"],
         {"train": ["Train-word.csv"], "validation": ["Val-word.csv"], "test": ["Test-word.csv"]}),
        (["perdt-dev.conllu", "seraji-dev.conllu", "perdt-test.conllu"],
         {"validation": ["perdt-dev.conllu", "seraji-dev.conllu"], "test": ["perdt-test.conllu"]}),
        (["b.csv", "a.tsv", ".hidden.csv", "README.md"], {"train": ["a.tsv", "b.csv"]}),
        (["reviews.csv", "test.csv"], {"train": ["reviews.csv"], "test": ["test.csv"]}),
        (["train.csv", "names.csv"], {"train": ["train.csv"]}),
        (["data/train-0.parquet", "data/train-1.parquet", "dataset_infos.json"],
         {"train": ["train-0.parquet", "train-1.parquet"]}),
        (["train/part.csv", "dev/part.csv"], {"train": ["part.csv"], "validation": ["part.csv"]}),
    ],
)  # fmt: skip
def test_the_files_of_a_folder(names: list[str], expected: dict[str, list[str]], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = list_files(tmp_path)
    assert {split: [file.name for file in files] for split, files in found.items()} == expected
    assert list(found) == [split for split in ("train", "validation", "test") if split in expected]


def test_a_single_file_is_for_training_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "test.csv").touch()
    assert list_files(tmp_path / "test.csv") == {"train": [tmp_path / "test.csv"]}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "holds no data files; accepted: .csv"),
        (["notes.md"], "holds no data files"),
        (["a.csv", "b.jsonl"], r"several formats \(a.csv and b.jsonl\)"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused(names: list[str], message: str, tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(DataError, match=message):
        list_files(tmp_path)


def test_a_file_of_an_unknown_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").touch()
    with pytest.raises(DataError, match=r"a\.xlsx is of no known format; accepted: \.csv"):
        list_files(tmp_path / "a.xlsx")
