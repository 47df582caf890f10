from __future__ import annotations

from itertools import pairwise

from datasets import ClassLabel, Dataset, Features, Value
from hypothesis import given
from hypothesis import strategies as st

from persopt.comparison.slicing import FEWEST_ROWS, MOST_VALUES, cut_by_numbers, cut_by_values, cut_column


@given(st.lists(st.integers(-5, 5), max_size=60), st.integers(1, 8))
def test_parts_of_numbers_hold_every_row_once_and_do_not_overlap(numbers: list[int], parts: int) -> None:
    found = cut_by_numbers(None, numbers, parts)
    assert len(found) != 1
    assert len(found) <= parts
    if found:
        assert sorted(place for part in found for place in part.places) == list(range(len(numbers)))
    for part, later in pairwise(found):
        assert part.high is not None
        assert later.low is not None
        assert part.high < later.low
    for part in found:
        inside = [numbers[place] for place in part.places]
        assert (part.low, part.high) == (min(inside), max(inside))


def test_different_numbers_are_cut_into_equal_parts() -> None:
    found = cut_by_numbers("n", [float(number) for number in reversed(range(9))], 3)
    assert [(part.low, part.high, len(part.places)) for part in found] == [(0, 2, 3), (3, 5, 3), (6, 8, 3)]
    assert not cut_by_numbers(None, [7] * 20, 3)


@given(st.lists(st.sampled_from("abcdefg"), max_size=80))
def test_each_row_is_in_one_part_of_its_value_or_of_the_rare_ones(values: list[str]) -> None:
    found = cut_by_values("column", values)
    assert sorted(place for part in found for place in part.places) == list(range(len(values)))
    for part in found:
        if part.rest:
            assert part is found[-1]
            assert all(values.count(values[place]) < FEWEST_ROWS for place in part.places)
        else:
            assert {values[place] for place in part.places} == {part.value}
            assert len(part.places) >= FEWEST_ROWS


def test_the_most_frequent_values_have_their_own_parts() -> None:
    values = [str(number) for number in range(MOST_VALUES + 5) for _ in range(FEWEST_ROWS + number)]
    found = cut_by_values("column", values)
    assert len(found) == MOST_VALUES + 1
    assert (found[0].value, found[-1].rest) == (str(MOST_VALUES + 4), True)


def test_columns_are_cut_by_name_missing_value_and_size() -> None:
    rows = 100
    data = Dataset.from_dict(
        {
            "kind": [place % 2 for place in range(rows)],
            "source": ["web" if place % 4 else None for place in range(rows)],
            "score": [float(place) for place in range(rows)],
            "year": [2000 + place % 3 for place in range(rows)],
        },
        features=Features(
            kind=ClassLabel(names=["bad", "good"]), source=Value("string"), score=Value("float64"), year=Value("int64")
        ),
    )
    assert [part.value for part in cut_column(data, "kind")] == ["bad", "good"]
    assert [(part.value, len(part.places)) for part in cut_column(data, "source")] == [("web", 75), ("", 25)]
    assert [(part.low, part.high) for part in cut_column(data, "score")] == [(0, 24), (25, 49), (50, 74), (75, 99)]
    assert [part.value for part in cut_column(data, "year")] == ["2000", "2001", "2002"]
