from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from persopt.data.inspection import inspect_dataset
from persopt.quickstart import FIELD_KINDS, make_quickstart_data


def read_rows(folder: Path, split: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / f"{split}.jsonl").read_text("utf-8").splitlines()]


def test_the_seed_decides_every_byte(tmp_path: Path) -> None:
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        make_quickstart_data(tmp_path / name, seed, train_rows=100, validation_rows=50, test_rows=20)

    for split in ("train.jsonl", "validation.jsonl", "test.jsonl"):
        first, again, other = ((tmp_path / name / split).read_bytes() for name in ("first", "again", "other"))
        assert first == again
        assert first != other


def test_each_kind_has_the_same_number_of_rows(tmp_path: Path) -> None:
    make_quickstart_data(tmp_path, train_rows=200, validation_rows=50, test_rows=30)

    for split, rows in (("train", 20), ("validation", 5), ("test", 3)):
        assert Counter(row["label"] for row in read_rows(tmp_path, split)) == dict.fromkeys(FIELD_KINDS, rows)
        assert all(row["text"].strip() for row in read_rows(tmp_path, split))


def test_texts_are_persian(tmp_path: Path) -> None:
    make_quickstart_data(tmp_path, train_rows=100, validation_rows=10, test_rows=10)

    letters = Counter(letter for row in read_rows(tmp_path, "train") for letter in row["text"])
    assert sum(count for letter, count in letters.items() if "\u0600" <= letter <= "\u06ff") > 0.8 * letters.total()


@pytest.mark.parametrize("rows", [{"train_rows": 15}, {"validation_rows": 0}, {"test_rows": 7}])
def test_numbers_of_rows_that_kinds_cannot_share_are_refused(rows: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="multiple of 10"):
        make_quickstart_data(tmp_path / "data", **rows)

    assert not (tmp_path / "data").exists()


def test_it_is_read_as_a_classification_of_texts(tmp_path: Path) -> None:
    summary = inspect_dataset(make_quickstart_data(tmp_path))

    assert summary.task == "text-classification"
    assert summary.labels == sorted(FIELD_KINDS)
    assert summary.rows == {"train": 6000, "validation": 1000, "test": 1000}
