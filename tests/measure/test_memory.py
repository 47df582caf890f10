"""Memory of fresh processes whose need is known to the byte."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from persopt.domain.errors import JobCancelledError, ModelError
from persopt.measure.memory import measure_memory as measure_here

_MEBIBYTE = 2**20

measure_memory = partial(measure_here, path=[str(Path(__file__).resolve().parents[2])])


def test_the_peak_holds_what_is_kept_and_what_a_call_takes() -> None:
    found = measure_memory(
        "tests.measure.openers:open_block", {"held": 80 * _MEBIBYTE, "called": 40 * _MEBIBYTE}, threads=1
    )
    assert found.peak - found.base == pytest.approx(120 * _MEBIBYTE, abs=8 * _MEBIBYTE)
    assert 5 * _MEBIBYTE < found.base < 200 * _MEBIBYTE
    assert found.load_seconds > 0


def test_libraries_are_in_the_base_and_missing_ones_passed_over() -> None:
    arguments = {"held": 1, "called": 1}
    plain, with_more = (
        measure_memory("tests.measure.openers:open_block", arguments, libraries=libraries)
        for libraries in ((), ("scipy.stats", "no_such_library"))
    )
    assert with_more.base > plain.base + 10 * _MEBIBYTE
    assert with_more.peak < with_more.base + 8 * _MEBIBYTE


def test_why_it_could_not_be_measured_is_told() -> None:
    with pytest.raises(ModelError, match="cannot be measured: ValueError: it is broken"):
        measure_memory("tests.measure.openers:refuse", {"reason": "it is broken"})
    with pytest.raises(ModelError, match="its process ended with"):
        measure_memory("os:_exit", {"status": 7})


def test_it_can_be_ended() -> None:
    def look() -> None:
        raise JobCancelledError("enough")

    with pytest.raises(JobCancelledError):
        measure_memory("tests.measure.openers:open_block", {"held": 1, "called": 1}, on_wait=look)
