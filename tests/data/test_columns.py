from __future__ import annotations

from typing import Any

import pytest

from persopt.data.columns import detect_columns
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec, TaskName

LONG = ["a rather long sentence number one", "another sentence, longer still", "a third of them", "and the fourth one"]
SHORT = ["yes", "no", "no", "yes"]
UNIQUE = ["11", "12", "13", "14"]
WORDS = [["a", "b"], ["c"], ["d"], ["e"]]
TAGS = [["X", "Y"], ["X"], ["X"], ["Y"]]


def dataset(**columns: list[Any]) -> Any:
    from datasets import Dataset, DatasetDict

    return DatasetDict({"train": Dataset.from_dict(columns)})


@pytest.mark.parametrize(
    ("columns", "texts", "label"),
    [
        ({"text": LONG, "label": SHORT}, ["text"], "label"),
        ({"Text": LONG, "Label": [0, 1, 1, 0]}, ["Text"], "Label"),
        ({"متن": LONG, "برچسب": SHORT}, ["متن"], "برچسب"),
        ({"review": LONG, "sentiment": SHORT, "id": UNIQUE}, ["review"], "sentiment"),
        ({"label": SHORT, "category": SHORT, "text": LONG}, ["text"], "label"),
        ({"x": LONG, "y": SHORT}, ["x"], "y"),
        ({"number": UNIQUE, "x": LONG, "y": [1, 2, 1, 2]}, ["x"], "y"),
        ({"id": [1, 1, 2, 2], "x": LONG, "y": [1, 2, 1, 2]}, ["x"], "y"),
        ({"title": SHORT, "body": LONG, "class": SHORT}, ["body"], "class"),
        ({"short": UNIQUE, "title": ["t"] * 4, "x": LONG, "label": SHORT}, ["x"], "label"),
        ({"premise": LONG, "hypothesis": SHORT, "label": SHORT}, ["premise", "hypothesis"], "label"),
        ({"sentence2": LONG, "sentence1": LONG, "idx": [1, 2, 3, 4], "label": SHORT},
         ["sentence1", "sentence2"], "label"),
        ({"tokens": WORDS, "upos": TAGS}, ["tokens"], "upos"),
        ({"w": WORDS, "ner_tags": [[0, 1], [0], [1], [1]]}, ["w"], "ner_tags"),
        ({"tokens": WORDS, "mine": TAGS, "text": LONG}, ["tokens"], "mine"),
    ],
)  # fmt: skip
def test_columns_are_found(columns: dict[str, list[Any]], texts: list[str], label: str) -> None:
    found = detect_columns(dataset(**columns), DataSpec(), None)
    assert (found.text_columns, found.label_column) == (texts, label)
    listed = isinstance(columns[label][0], list)
    assert found.task == ("token-classification" if listed else "text-classification")


def test_a_declared_class_is_taken_for_the_label() -> None:
    from datasets import ClassLabel

    data = dataset(x=LONG, a=SHORT, b=[0, 1, 1, 0])
    data = data.cast_column("b", ClassLabel(names=["no", "yes"]))
    with pytest.raises(DataError, match="'a' or 'b' could be the label"):
        detect_columns(data, DataSpec(), None)
    assert detect_columns(data.remove_columns("a"), DataSpec(), None).label_column == "b"


def test_named_columns_are_taken() -> None:
    data = dataset(text=LONG, other=LONG, label=SHORT, stars=[1, 2, 2, 1])
    found = detect_columns(data, DataSpec(text_columns=["other", "text"], label_column="stars"), None)
    assert (found.text_columns, found.label_column) == (["other", "text"], "stars")


@pytest.mark.parametrize(
    ("columns", "spec", "path", "message"),
    [
        ({"x": LONG, "a": SHORT, "b": SHORT}, {}, "labelColumn", "'a' or 'b' could be the label; the columns are"),
        ({"x": LONG, "class": SHORT, "target": SHORT}, {}, "labelColumn", "'class' or 'target' could be the label"),
        ({"x": LONG, "y": UNIQUE}, {}, "labelColumn", r"'y' holds 4 different numbers: if it is a rating"),
        ({"1": LONG, "2.5": UNIQUE}, {}, "labelColumn", r"no header line, name its columns with data\.columns"),
        ({"a": LONG, "b": LONG, "label": SHORT}, {}, "textColumns", "'a' or 'b' could be the text; the columns are"),
        ({"n": [1, 2, 3, 4], "label": SHORT}, {}, "textColumns", "no column holds texts; the columns are"),
        ({"text": LONG, "label": SHORT}, {"label_column": "lable"}, "labelColumn",
         "no column 'lable'; the columns are 'text' and 'label'; did you mean 'label'?"),
        ({"text": LONG, "label": SHORT}, {"text_columns": ["txt"]}, "textColumns", "no column 'txt'"),
        ({"text": LONG, "label": SHORT}, {"text_columns": ["label"], "label_column": "label"}, "labelColumn",
         "'label' is named both as text and as label"),
        ({"text": LONG, "n": [1, 2, 1, 2]}, {"text_columns": ["n"], "label_column": "text"}, "textColumns",
         "column 'n' does not hold texts"),
        ({"w": WORDS, "v": WORDS, "tags": TAGS}, {}, "textColumns", "'w' or 'v' could be the text"),
        ({"tokens": WORDS, "pos_tags": TAGS, "ner_tags": TAGS}, {}, "labelColumn",
         "'pos_tags' or 'ner_tags' could be the label"),
        ({"w": WORDS, "v": WORDS, "tags": TAGS}, {"text_columns": ["w", "v"]}, "textColumns", "takes one column"),
        ({"text": LONG, "label": [{"a": 1}] * 4}, {"label_column": "label"}, "labelColumn", "neither texts nor labels"),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_asked(
    columns: dict[str, list[Any]], spec: dict[str, Any], path: str, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        detect_columns(dataset(**columns), DataSpec(**spec), None)
    assert caught.value.faults[0].path == f"$.data.{path}"


@pytest.mark.parametrize(
    ("columns", "spec", "task", "message"),
    [
        ({"text": LONG, "label": SHORT}, {}, "token-classification", "needs columns of lists of words and of tags"),
        ({"text": LONG, "label": SHORT, "tokens": WORDS}, {"label_column": "label"}, "token-classification",
         "needs lists of tags, but column 'label' holds one label for each row"),
        ({"tokens": WORDS, "tags": TAGS}, {}, "text-classification",
         "needs one label for each row, but column 'tags' holds a list of tags"),
    ],
)  # fmt: skip
def test_a_task_that_the_data_are_not_for_is_refused(
    columns: dict[str, list[Any]], spec: dict[str, Any], task: TaskName, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        detect_columns(dataset(**columns), DataSpec(**spec), task)
    assert caught.value.faults[0].path == "$.task"


def test_the_task_decides_between_a_label_and_tags() -> None:
    data = dataset(text=LONG, category=SHORT, tokens=WORDS, tags=TAGS)
    found = detect_columns(data, DataSpec(), "token-classification")
    assert (found.text_columns, found.label_column) == (["tokens"], "tags")
