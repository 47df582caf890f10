from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from persopt.comparison.naming import check_labels, name_models


def test_models_are_called_by_their_folders_with_more_where_they_are_alike() -> None:
    assert name_models([Path("/m/base"), Path("/m/int8")]) == ["base", "int8"]
    assert name_models([Path("/a/model"), Path("/b/model"), Path("/c/other")]) == ["a/model", "b/model", "other"]
    assert name_models([Path("/m/base"), Path("/m/base")]) == ["base", "base (2)"]


@given(st.lists(st.lists(st.sampled_from("ab"), min_size=1, max_size=3), min_size=2, max_size=6))
def test_no_two_models_are_called_alike(parts: list[list[str]]) -> None:
    names = name_models([Path("/", *one) for one in parts])
    assert len(set(names)) == len(names) == len(parts)


def test_names_that_are_given_are_one_each_and_different() -> None:
    assert not list(check_labels(["A", "B"], 2))
    faults = list(check_labels(["A", "A", " "], 2))
    assert [fault.path for fault in faults] == ["$.labels", "$.labels[1]", "$.labels[2]"]
