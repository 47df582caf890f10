"""Which layers go first, by rises of the loss that are made up."""

from __future__ import annotations

import random
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from persopt.compression.sensitivity import order_removal
from persopt.domain.compress_reports import LayerLoss

RISES = st.lists(st.floats(0, 10), min_size=1, max_size=11, unique=True)


@given(RISES, st.randoms(use_true_random=False))
def test_each_round_takes_the_layer_that_is_missed_least(rises: list[float], chance: random.Random) -> None:
    """Against trying all that are left in each round; the loss also rises by what pairs of layers are worth."""
    pairs = {(a, b): chance.random() * 5 for a in range(len(rises)) for b in range(a)}

    def rise(gone: Iterable[int]) -> float:
        left_out = sorted(gone)
        return sum(rises[one] for one in left_out) + sum(
            worth for (a, b), worth in pairs.items() if a in left_out and b in left_out
        )

    alone = [LayerLoss(number=number, rise=rise([number])) for number in range(len(rises))]
    expected: list[int] = []
    while len(rises) - len(expected) > -(-len(rises) // 3):
        left = [number for number in range(len(rises)) if number not in expected]
        expected.append(min(left, key=lambda number: (rise([*expected, number]), number)))
    found = order_removal(alone, rise)
    assert [one.number for one in found] == expected
    assert [one.rise for one in found] == [rise(expected[: count + 1]) for count in range(len(expected))]


def test_of_many_layers_several_go_at_once() -> None:
    rounds = []

    def rise(gone: Iterable[int]) -> float:
        rounds.append(len(list(gone)))
        return sum(gone)

    alone = [LayerLoss(number=number, rise=float(number)) for number in range(36)]
    assert [one.number for one in order_removal(alone, rise)] == list(range(24))
    assert set(rounds) == {4, 7, 10, 13, 16, 19, 22}  # three at once: eight rounds, the first of which is known
