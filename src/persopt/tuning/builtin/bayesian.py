"""Bayesian search by the tree-structured Parzen estimator or by a Gaussian process.

The first (TPE) is Bergstra et al., 2011, and Watanabe, 2023, arXiv:2304.11127; for several objectives MOTPE (Ozaki et
al., 2022); with constraints c-TPE (Watanabe & Hutter, 2023). The second maximizes log expected improvement (Ament et
al., 2023, arXiv:2310.20708), or of the hypervolume, times the probability of keeping the constraints.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from persopt.plugins import SamplerRequest, SamplingStrategy, hookimpl

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

__all__ = ("BayesianOptions", "BayesianSearch")

_STARTUP_TRIALS = 10
_FEWEST_STARTUP_TRIALS = 3


class BayesianOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Options of Bayesian search; those after the second are of TPE alone."""

    model: Annotated[
        Literal["tpe", "gp"],
        Meta(
            title="Model",
            description="tpe: densities of good and bad points, quick; gp: a Gaussian process, often better with few "
            "trials, up to a second or so for each trial's point.",
        ),
    ] = "tpe"
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
    """Draws where a model of the trials so far promises most; failed trials are left out of account.

    TPE also learns from stopped trials. The Gaussian process models the parameters that exist in every point;
    one that exists only under a condition is modelled by TPE, each by itself. While it draws it holds torch to one
    thread in this process.
    """

    name = "bayesian"
    title = {"en": "Bayesian search (TPE, Gaussian process)", "fa": "جست‌وجوی بیزی (TPE، فرایند گاوسی)"}
    options = BayesianOptions

    def sampler(self, options: BayesianOptions, request: SamplerRequest) -> BaseSampler:
        """Return a sampler for one trial."""
        from optuna.exceptions import ExperimentalWarning
        from optuna.samplers import GPSampler, TPESampler

        startup = _startup_trials(options, request)
        if options.model == "gp":
            beside = TPESampler(seed=request.trial_seed, n_startup_trials=startup, multivariate=False)
            return GPSampler(
                seed=request.trial_seed,
                n_startup_trials=startup,
                independent_sampler=beside,
                warn_independent_sampling=False,
            )
        multivariate = True if options.group else options.multivariate
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return TPESampler(
                seed=request.trial_seed,
                n_startup_trials=startup,
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
