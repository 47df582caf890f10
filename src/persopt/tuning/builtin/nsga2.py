"""Genetic search with several objectives: NSGA-II (Deb et al., 2002), constraints by constrained domination."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from persopt.domain.errors import InputError
from persopt.plugins import SamplerRequest, SamplingStrategy, hookimpl

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.samplers.nsgaii import BaseCrossover

__all__ = ("GeneticOptions", "GeneticSearch")

_POPULATION = 50
_SMALLEST_POPULATION = 4
_GENERATIONS = 5
_PARENTS = 3
_THREE_PARENTS = ("spx", "undx")


class GeneticOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Options of genetic search."""

    population_size: Annotated[
        Annotated[int, Meta(ge=2)] | None,
        Meta(
            title="Population",
            description="Trials of a generation; by default 50, or a fifth of the trials (4 at the least).",
        ),
    ] = None
    crossover: Annotated[
        Literal["uniform", "blx-alpha", "sbx", "vsbx", "spx", "undx"],
        Meta(title="Crossover", description="How numbers of a child come from its parents; choices always by uniform."),
    ] = "uniform"
    crossover_probability: Annotated[
        float, Meta(ge=0, le=1, title="Crossover probability", description="Else a child begins as one parent.")
    ] = 0.9
    swapping_probability: Annotated[
        float,
        Meta(ge=0, le=1, title="Swapping", description="Probability of a parameter coming from the other parent."),
    ] = 0.5
    mutation: Annotated[
        Literal["uniform", "polynomial"],
        Meta(title="Mutation", description="Draw a parameter anew, or (for numbers) move it a little."),
    ] = "uniform"
    mutation_probability: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(title="Mutation probability", description="Of each parameter; by default one parameter of a child."),
    ] = None


class GeneticSearch:
    """Breeds each generation from the best of all before it; only succeeded trials are parents.

    Works for one objective too. Parameters that exist only under a condition are not inherited but drawn at random.
    """

    name = "nsga2"
    title = {"en": "Genetic search (NSGA-II)", "fa": "جست‌وجوی ژنتیک (NSGA-II)"}
    options = GeneticOptions

    def check_search(self, options: GeneticOptions, request: SamplerRequest) -> None:
        """Refuse a population with fewer trials than a child has parents.

        Raises:
            InputError: if it is too small.
        """
        if options.crossover in _THREE_PARENTS and _population_size(options, request) < _PARENTS:
            raise InputError(
                f"{options.crossover} crosses three parents, so a population of 3 or more is needed, "
                f"got {options.population_size}",
                path="$.strategyOptions.populationSize",
            )

    def sampler(self, options: GeneticOptions, request: SamplerRequest) -> BaseSampler:
        """Return a sampler for one trial.

        Raises:
            InputError: as `check_search` does.
        """
        from optuna.exceptions import ExperimentalWarning
        from optuna.samplers import NSGAIISampler
        from optuna.samplers.nsgaii import PolynomialMutation

        self.check_search(options, request)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return NSGAIISampler(
                population_size=_population_size(options, request),
                crossover=_crossover(options),
                crossover_prob=options.crossover_probability,
                swapping_prob=options.swapping_probability,
                mutation=PolynomialMutation() if options.mutation == "polynomial" else None,
                mutation_prob=options.mutation_probability,
                seed=request.trial_seed,
            )


def _population_size(options: GeneticOptions, request: SamplerRequest) -> int:
    if options.population_size is not None:
        return options.population_size
    if request.max_trials is None:
        return _POPULATION
    return min(_POPULATION, max(_SMALLEST_POPULATION, request.max_trials // _GENERATIONS))


def _crossover(options: GeneticOptions) -> BaseCrossover:
    from optuna.samplers import nsgaii

    if options.crossover == "uniform":
        return nsgaii.UniformCrossover(options.swapping_probability)
    kinds: dict[str, type[BaseCrossover]] = {
        "blx-alpha": nsgaii.BLXAlphaCrossover,
        "sbx": nsgaii.SBXCrossover,
        "vsbx": nsgaii.VSBXCrossover,
        "spx": nsgaii.SPXCrossover,
        "undx": nsgaii.UNDXCrossover,
    }
    return kinds[options.crossover]()


@hookimpl
def persopt_sampling_strategies() -> Iterable[SamplingStrategy[GeneticOptions]]:
    """Offer genetic search."""
    yield GeneticSearch()
