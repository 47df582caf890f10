"""Which texts of a data set say what tokens stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from persopt.domain.errors import JobCancelledError
from persopt.domain.prune_specs import PruneSpec
from persopt.pruning.stages.trim import TextRows, find_text_columns

ROWS = [
    {"id": "a1", "text": "good film", "words": ["bad", "dog"], "label": 1},
    {"id": "a2", "text": None, "words": ["day"], "label": 0},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, rows in (("train", ROWS), ("test", ROWS[:1])):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    return tmp_path


def test_all_splits_and_all_columns_of_texts_are_read_as_often_as_asked(folder: Path) -> None:
    dataset, columns = find_text_columns(folder, PruneSpec())
    assert columns == {"train": ["text", "words"], "test": ["text", "words"]}
    rows = TextRows(dataset, columns, lambda: None)
    first = ["good film", "bad dog", "bad", "dog"]
    assert list(rows) == list(rows) == [first, ["day", "day"], first]


def test_reading_can_be_ended(folder: Path) -> None:
    def look() -> None:
        raise JobCancelledError("enough")

    with pytest.raises(JobCancelledError):
        list(TextRows(*find_text_columns(folder, PruneSpec()), look))
