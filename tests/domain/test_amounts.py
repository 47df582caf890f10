"""Sizes and times as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.amounts import read_bytes, read_milliseconds, read_seconds
from persopt.domain.errors import InputError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("20MB", 20_000_000),
        ("20 mb", 20_000_000),
        ("1.5GiB", 1_610_612_736),
        ("7", 7),
        (7, 7),
        (".5kb", 500),
        ("9B", 9),
    ],
)
def test_sizes(given: float | str, expected: int) -> None:
    assert read_bytes(given, "$.maxSize") == expected


@pytest.mark.parametrize(("given", "expected"), [("5ms", 5), ("800us", 0.8), ("800µs", 0.8), ("0.02s", 20), (3.5, 3.5)])
def test_latencies(given: float | str, expected: float) -> None:
    assert read_milliseconds(given, "$.maxLatency") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("given", "expected"), [("30m", 1800), ("30min", 1800), ("2h", 7200), ("90", 90), ("1d", 86400)]
)
def test_budgets(given: float | str, expected: float) -> None:
    assert read_seconds(given, "$.budget") == expected


@pytest.mark.parametrize(
    "given", ["", "MB", "20XB", "-5MB", "0", 0, -1, float("nan"), float("inf"), "1e3", "5 m s", "20MB!"]
)
def test_what_is_no_size_is_told_with_what_is_accepted(given: float | str) -> None:
    with pytest.raises(InputError, match="expected a size such as 20MB") as caught:
        read_bytes(given, "$.maxSize")
    assert caught.value.faults[0].path == "$.maxSize"
    assert repr(given) in caught.value.faults[0].message


def test_a_time_is_no_size() -> None:
    with pytest.raises(InputError, match=r"expected a time such as 90s.*got '20MB'"):
        read_seconds("20MB", "$.budget")


@given(st.integers(1, 10**12))
def test_a_whole_number_of_bytes_is_what_it_says(count: int) -> None:
    assert read_bytes(count, "$") == read_bytes(str(count), "$") == read_bytes(f"{count}B", "$") == count
