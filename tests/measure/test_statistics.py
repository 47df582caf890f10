"""Statistics against brute force, and the exact tests of SciPy."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from persopt.measure.statistics import (
    correct_holm,
    find_unseen_bound,
    rows_for_difference,
    rows_for_discordance,
    test_mcnemar,
)


@pytest.mark.parametrize(("first", "second"), [(3, 8), (8, 3), (0, 5), (1, 1), (6, 6), (0, 0), (0, 1)])
def test_mcnemar_counts_all_ways_to_be_as_uneven(first: int, second: int) -> None:
    both = first + second
    uneven = sum(abs(2 * sum(way) - both) >= abs(first - second) for way in product((0, 1), repeat=both))
    found = test_mcnemar(first, second)
    assert found.p_value == pytest.approx(uneven / 2**both)
    assert (found.only_first, found.only_second) == (first, second)


@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=6))
@settings(max_examples=50, deadline=None)
def test_holm_rejects_what_its_steps_reject(values: list[float]) -> None:
    corrected = correct_holm({str(place): value for place, value in enumerate(values)})
    assert list(corrected) == [str(place) for place in range(len(values))]
    for level in (0.01, 0.05, 0.2):
        # The procedure as Holm states it: from the smallest on, until one is not below level / (number left).
        order = sorted(range(len(values)), key=lambda place: values[place])
        rejected = set()
        for step, place in enumerate(order):
            if values[place] * (len(values) - step) > level:
                break
            rejected.add(str(place))
        assert {name for name, value in corrected.items() if value <= level} == rejected


def test_the_bound_of_the_unseen_is_the_exact_one() -> None:
    for rows in (1, 20, 1000):
        exact = stats.binomtest(0, rows, alternative="less").proportion_ci(0.95, method="exact").high
        assert find_unseen_bound(rows, 0.95) == pytest.approx(exact)


def test_so_many_examples_give_mcnemars_test_the_power_asked_for() -> None:
    first, second = 0.06, 0.03
    rows = rows_for_discordance(first, second, level=0.05, power=0.8)
    assert rows is not None
    # All outcomes: of `rows` examples a binomial number is judged differently, of these a binomial number for one.
    power = 0.0
    for both in range(int(stats.binom.ppf(1e-9, rows, first + second)), int(stats.binom.ppf(1 - 1e-9, rows, 0.09)) + 1):
        split = np.arange(both + 1)
        level = 2 * stats.binom.cdf(np.minimum(split, both - split), both, 0.5) <= 0.05
        found = (stats.binom.pmf(split, both, first / (first + second)) * level).sum()
        power += float(stats.binom.pmf(both, rows, first + second) * found)
    assert power == pytest.approx(0.8, abs=0.03)
    assert rows_for_discordance(0.05, 0.05) is None


def test_the_rows_needed_for_a_difference_make_it_as_many_standard_errors_as_it_takes() -> None:
    rows = rows_for_difference(0.5, standard_error=0.4, rows=100, level=0.05, power=0.9)
    assert rows is not None
    error = 0.4 * (100 / rows) ** 0.5
    assert stats.norm.sf(stats.norm.ppf(0.975) - 0.5 / error) == pytest.approx(0.9, abs=0.002)
    assert rows_for_difference(0.0, 0.4, 100) is None
