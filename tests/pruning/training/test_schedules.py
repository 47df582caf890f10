from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.pruning.training.schedules import plan_renewals, round_sparsity, sparsity_at

SPARSITY = st.floats(0, 0.99)


@settings(max_examples=50)
@given(final=SPARSITY, first=st.floats(0, 0.5), begin=st.integers(0, 50), times=st.integers(1, 100), data=st.data())
def test_cubic_is_equation_1_of_zhu_and_gupta(
    final: float, first: float, begin: int, times: int, data: st.DataObject
) -> None:
    every = data.draw(st.integers(1, 20))
    turn = data.draw(st.integers(0, times))
    step = begin + turn * every
    s_f, s_i = Fraction(final), Fraction(first)
    wanted = s_f + (s_i - s_f) * (1 - Fraction(step - begin, times * every)) ** 3
    assert sparsity_at("cubic", final, turn / times, first) == pytest.approx(float(wanted), abs=1e-12)


@given(final=SPARSITY, shares=st.lists(st.floats(0, 1), min_size=2))
def test_schedules_rise_from_nothing_to_exactly_what_was_asked(final: float, shares: list[float]) -> None:
    for schedule in ("cubic", "linear"):
        found = [sparsity_at(schedule, final, share) for share in sorted(shares)]
        assert found == sorted(found)
        assert sparsity_at(schedule, final, 0) == 0
        assert sparsity_at(schedule, final, 1) == final
    assert sparsity_at("linear", 0.8, 0.25) == pytest.approx(0.2)
    assert sparsity_at("cubic", 0.8, 0.5) == pytest.approx(0.7)


@given(steps=st.integers(1, 500), renewals=st.integers(1, 600))
def test_renewals_are_spread_and_end_with_the_last_step(steps: int, renewals: int) -> None:
    plan = plan_renewals(steps, renewals)
    assert len(plan) == min(steps, renewals)
    assert list(plan) == sorted(plan)
    assert plan[steps] == 1
    gaps = [after - before for before, after in pairwise([0, *plan])]
    assert max(gaps) - min(gaps) <= 1
    assert min(gaps) >= 1


@given(final=SPARSITY, rounds=st.integers(1, 12))
def test_each_round_prunes_the_same_share_of_what_is_left(final: float, rounds: int) -> None:
    left = [1.0, *(1 - round_sparsity(final, turn, rounds) for turn in range(1, rounds + 1))]
    shares = [1 - after / before for before, after in pairwise(left)]
    assert shares == pytest.approx([shares[0]] * rounds, abs=1e-9)
    assert round_sparsity(final, rounds, rounds) == final
