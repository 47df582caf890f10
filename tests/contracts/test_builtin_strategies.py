"""The contract of sampling strategies, held by every built-in."""

from __future__ import annotations

from typing import ClassVar

from persopt.domain.space import ParameterSpec
from persopt.testing import SamplingStrategyCase
from persopt.tuning.builtin.bayesian import BayesianOptions, BayesianSearch
from persopt.tuning.builtin.cmaes import EvolutionOptions, EvolutionSearch
from persopt.tuning.builtin.grid import GridOptions, GridSearch
from persopt.tuning.builtin.nsga2 import GeneticOptions, GeneticSearch
from persopt.tuning.builtin.qmc import QuasiRandomOptions, QuasiRandomSearch
from persopt.tuning.builtin.random import RandomSearch


class TestRandom(SamplingStrategyCase):
    strategy = RandomSearch()


class TestGrid(SamplingStrategyCase):
    strategy = GridSearch()
    option_sets = (GridOptions(max_points=50),)


class TestEvolution(SamplingStrategyCase):
    strategy = EvolutionSearch()
    option_sets = (EvolutionOptions(population_size=4, step_size=0.5),)


class TestQuasiRandom(SamplingStrategyCase):
    strategy = QuasiRandomSearch()
    option_sets = (QuasiRandomOptions(sequence="halton"),)


class TestGenetic(SamplingStrategyCase):
    strategy = GeneticSearch()
    option_sets = (GeneticOptions(population_size=4), GeneticOptions(population_size=4, crossover="sbx"))


class TestBayesian(SamplingStrategyCase):
    strategy = BayesianSearch()
    option_sets = (
        BayesianOptions(n_startup_trials=3, n_ei_candidates=8),
        BayesianOptions(n_startup_trials=3, multivariate=False, constant_liar=False),
        BayesianOptions(n_startup_trials=3, group=True),
    )


class TestGaussianProcess(SamplingStrategyCase):
    strategy = BayesianSearch()
    option_sets = (BayesianOptions(model="gp", n_startup_trials=4),)
    trials = 5
    spaces: ClassVar = {
        "mixed": {
            "rate": ParameterSpec(min=1e-5, max=1e-1, distribution="log_uniform"),
            "layers": ParameterSpec(min=1, max=64),
            "kind": ["plain", "gated"],
            "share": ParameterSpec(min=0.0, max=1.0, step=5, when={"kind": "gated"}),
        }
    }
