from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.data.labels import check_class_count, read_labels, read_names, sort_labels
from persopt.domain.errors import DataError


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["b", " a ", "", None], ["b", "a", None, None]),
        ([2, 10, None], ["2", "10", None]),
        ([1.0, 0.5, float("nan")], ["1", "0.5", None]),
        ([True, False], ["true", "false"]),
        ([["NOUN", None], [], None], [("NOUN", None), (), None]),
        ([[1, 2]], [("1", "2")]),
    ],
)
def test_labels_of_any_kind_become_names(values: list[Any], expected: list[Any]) -> None:
    from datasets import Dataset

    assert read_labels(Dataset.from_dict({"label": values}), "label") == expected


def test_class_labels_keep_their_names_and_their_order() -> None:
    from datasets import ClassLabel, Dataset, Features, List

    features = Features({"one": ClassLabel(names=["z", "a"]), "many": List(ClassLabel(names=["z", "a"]))})
    dataset = Dataset.from_dict({"one": [1, -1], "many": [[0, 1], [-1]]}, features=features)
    assert read_names(dataset, "one") == read_names(dataset, "many") == ["z", "a"]
    assert read_labels(dataset, "one") == ["a", None]
    assert read_labels(dataset, "many") == [("z", "a"), (None,)]


def test_labels_follow_selected_rows() -> None:
    from datasets import Dataset

    assert read_labels(Dataset.from_dict({"label": ["a", "b", "c"]}).select([2, 0]), "label") == ["c", "a"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["10", "9", "-1", "0.5"], ["-1", "0.5", "9", "10"]),
        (["b", "10", "9", "a"], ["10", "9", "a", "b"]),
        (["منفی", "مثبت"], ["مثبت", "منفی"]),
        (["nan", "inf", "1"], ["1", "inf", "nan"]),
    ],
)
def test_numbers_are_sorted_by_value_and_names_by_code_point(names: list[str], expected: list[str]) -> None:
    assert sort_labels(names) == expected


@given(st.lists(st.one_of(st.text(max_size=4), st.integers().map(str), st.floats().map(repr))))
def test_the_order_of_labels_does_not_depend_on_the_order_of_rows(names: list[str]) -> None:
    assert sort_labels(names) == sort_labels(reversed(names))
    assert set(sort_labels(names)) == set(names)


def test_ratings_and_ids_are_no_classes() -> None:
    with pytest.raises(DataError, match=r"30 different numbers from 0\.5 to 29\.5: a rating"):
        check_class_count({f"{number}.5" for number in range(30)}, 1000, "score")
    with pytest.raises(DataError, match="30 different values in 40 rows"):
        check_class_count({f"user{number}" for number in range(30)}, 40, "user")
    check_class_count({f"intent{number}" for number in range(77)}, 1000, "intent")
    check_class_count({"0.5", "1", "1.5"}, 6, "stars")
