"""Bayesian search by the tree-structured Parzen estimator (Bergstra et al., 2011; Watanabe, 2023, arXiv:2304.11127).

For several objectives it is MOTPE (Ozaki et al., 2022).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from persopt.plugins import SamplerRequest, SamplingStrategy, hookimpl

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

__all__ = ("BayesianOptions", "BayesianSearch")

_STARTUP_TRIALS = 10
_FEWEST_STARTUP_TRIALS = 3


class BayesianOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Options of Bayesian search."""

    n_startup_trials: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(
            title="Random trials first",
            description="Trials drawn at random before the model is used; by default 10, or a third of the trials.",
        ),
    ] = None
    n_ei_candidates: Annotated[
        int, Meta(ge=1, le=10_000, title="Candidates", description="Points of which the most promising is taken.")
    ] = 24
    multivariate: Annotated[
        bool | None,
        Meta(
            title="Joint model",
            description="Model the parameters together; by default with one objective, not with several.",
        ),
    ] = None
    group: Annotated[
        bool,
        Meta(title="Groups", description="Model together the parameters that occur together, for conditional spaces."),
    ] = False
    constant_liar: Annotated[
        bool,
        Meta(title="Avoid running points", description="Count running trials as bad, so that parallel ones differ."),
    ] = True


class BayesianSearch:
    """Draws where good trials are dense and bad ones are not; failed trials are left out of account."""

    name = "bayesian"
    title = {"en": "Bayesian search (TPE)", "fa": "جستجوی بیزی (TPE)"}
    options = BayesianOptions

    def sampler(self, options: BayesianOptions, request: SamplerRequest) -> BaseSampler:
        """Return a sampler for one trial."""
        from optuna.exceptions import ExperimentalWarning
        from optuna.samplers import TPESampler

        multivariate = True if options.group else options.multivariate
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return TPESampler(
                seed=request.trial_seed,
                n_startup_trials=_startup_trials(options, request),
                n_ei_candidates=options.n_ei_candidates,
                multivariate=multivariate,
                group=options.group,
                constant_liar=options.constant_liar,
            )


def _startup_trials(options: BayesianOptions, request: SamplerRequest) -> int:
    if options.n_startup_trials is not None:
        return options.n_startup_trials
    if request.max_trials is None:
        return _STARTUP_TRIALS
    return min(_STARTUP_TRIALS, max(_FEWEST_STARTUP_TRIALS, request.max_trials // 3))


@hookimpl
def persopt_sampling_strategies() -> Iterable[SamplingStrategy[BayesianOptions]]:
    """Offer Bayesian search."""
    yield BayesianSearch()
