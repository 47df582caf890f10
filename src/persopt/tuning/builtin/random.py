"""Random search: every trial drawn by itself, uniformly on each parameter's scale (Bergstra & Bengio, 2012)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from persopt.plugins import NoOptions, SamplerRequest, SamplingStrategy, hookimpl

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

__all__ = ("RandomSearch",)


class RandomSearch:
    """Draws uniformly, or log-uniformly where the parameter says so; a trial's point depends on no other trial."""

    name = "random"
    title = {"en": "Random search", "fa": "جست‌وجوی تصادفی"}
    options = NoOptions

    def sampler(self, options: NoOptions, request: SamplerRequest) -> BaseSampler:  # noqa: ARG002 - the contract's
        """Return a sampler for one trial."""
        from optuna.samplers import RandomSampler

        return RandomSampler(seed=request.trial_seed)


@hookimpl
def persopt_sampling_strategies() -> Iterable[SamplingStrategy[NoOptions]]:
    """Offer random search."""
    yield RandomSearch()
