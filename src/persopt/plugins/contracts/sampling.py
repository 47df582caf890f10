"""Sampling strategies: where a study looks next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from persopt.domain.objectives import Constraint, Objective
from persopt.domain.space import Space
from persopt.plugins.contracts.base import Contribution

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

__all__ = ("FiniteStrategy", "SamplerRequest", "SamplingStrategy", "SelectiveStrategy")

OptionsT_contra = TypeVar("OptionsT_contra", bound=Struct, contravariant=True)


class SamplerRequest(Struct, frozen=True, kw_only=True):
    """For which point a sampler is wanted.

    A sampler is built anew for every trial, so that nothing lives in it that a resumed study would lack; what
    must last goes into Optuna's trial and study system attributes, which persopt stores.

    Attributes:
        space: The search space. On Optuna's side a parameter with `step` (grid points), or with choices that are
            equal to each other (1 and True), is asked for as an index into its `values`; all others as themselves.
        objectives: What is searched for.
        study_seed: The same for all trials of a study.
        trial_seed: Different for each trial and the same after a resume: use this for draws.
        trial_number: The trial, from 0.
        attempt: How often this trial number was asked for before because its point had been tried already.
        max_trials: Number of trials of the study, if limited.
        parallel: Trials that run at the same time.
        constraints: Limits of metrics. Of a trial that has ended Optuna's `FrozenTrial.constraints` holds by how
            much it is beyond each, as a share of the limit.
    """

    space: Space
    objectives: tuple[Objective, ...]
    study_seed: int
    trial_seed: int
    trial_number: int
    attempt: int = 0
    max_trials: int | None = None
    parallel: int = 1
    constraints: tuple[Constraint, ...] = ()


class SamplingStrategy(Contribution, Protocol[OptionsT_contra]):
    """Gives the Optuna sampler that chooses a trial's parameters."""

    def sampler(self, options: OptionsT_contra, request: SamplerRequest) -> BaseSampler:
        """Return a sampler for one trial.

        Raises:
            persopt.domain.errors.InputError: if options and space do not go together.
        """
        ...


@runtime_checkable
class SelectiveStrategy(Protocol):
    """An optional ability: the strategy says before a job exists what it cannot search."""

    def check_search(self, options: Any, request: SamplerRequest) -> None:
        """Look at options, space, objectives and constraints; be quick and import nothing heavy.

        `sampler` must refuse the same. Where the objectives are not known yet, `request.objectives` is empty.

        Raises:
            persopt.domain.errors.InputError: with everything that does not go together.
        """
        ...


@runtime_checkable
class FiniteStrategy(Protocol):
    """An optional ability: the strategy visits a known number of points and then ends."""

    def size(self, options: Any, request: SamplerRequest) -> int:
        """Return the number of points that the strategy will visit.

        Raises:
            persopt.domain.errors.InputError: if the space is not finite, or too large to visit.
        """
        ...
