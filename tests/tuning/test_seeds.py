from __future__ import annotations

from scipy import stats

from persopt.tuning.seeds import derive_seed


def test_a_seed_is_the_same_for_ever() -> None:
    """A resumed study, on whatever machine and version, must have the same points."""
    assert derive_seed(0, "trial", 0, 0) == 2517007781
    assert derive_seed(7, "training", 12) == 4200924374


def test_seeds_of_different_purposes_differ() -> None:
    seeds = {derive_seed(1, "trial", 1, 1), derive_seed(1, "trial", 11), derive_seed(11, "trial", 1)}
    seeds |= {derive_seed(1, "trial", "1", 1), derive_seed(1, "trial1", 1), derive_seed(1)}
    assert len(seeds) == 6


def test_seeds_are_spread_over_their_range() -> None:
    seeds = [derive_seed(3, "trial", number) / 2**32 for number in range(2000)]
    assert len(set(seeds)) == 2000
    assert stats.kstest(seeds, "uniform").pvalue > 0.01
