"""Names in messages."""

from __future__ import annotations

from persopt.domain.names import describe_choices, list_choices, suggest


def test_the_nearest_name_is_suggested_whatever_its_case() -> None:
    assert suggest("LEARNINGRATE", ["learningRate", "epochs"]) == "; did you mean 'learningRate'?"
    assert suggest("zzz", ["learningRate", "epochs"]) == ""
    assert suggest("x", []) == ""


def test_choices_are_joined_as_in_a_sentence() -> None:
    assert list_choices([]) == "nothing"
    assert list_choices(["a"]) == "'a'"
    assert list_choices(["a", "b"]) == "'a' or 'b'"
    assert list_choices(["a", "b", 3]) == "'a', 'b' or 3"


def test_a_wrong_name_is_told_with_the_right_ones() -> None:
    assert describe_choices("gird", ["random", "grid"]) == (
        "got 'gird', accepted: 'grid' or 'random'; did you mean 'grid'?"
    )
