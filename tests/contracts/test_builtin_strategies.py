"""The contract of sampling strategies, held by every built-in."""

from __future__ import annotations

from persopt.testing import SamplingStrategyCase
from persopt.tuning.builtin.bayesian import BayesianOptions, BayesianSearch
from persopt.tuning.builtin.grid import GridOptions, GridSearch
from persopt.tuning.builtin.random import RandomSearch


class TestRandom(SamplingStrategyCase):
    strategy = RandomSearch()


class TestGrid(SamplingStrategyCase):
    strategy = GridSearch()
    option_sets = (GridOptions(max_points=50),)


class TestBayesian(SamplingStrategyCase):
    strategy = BayesianSearch()
    option_sets = (
        BayesianOptions(n_startup_trials=3, n_ei_candidates=8),
        BayesianOptions(n_startup_trials=3, multivariate=False, constant_liar=False),
        BayesianOptions(n_startup_trials=3, group=True),
    )
