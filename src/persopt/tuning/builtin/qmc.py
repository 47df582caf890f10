"""Quasi-random search: points that fill the space more evenly than random ones (Bergstra & Bengio, 2012, 4.1).

The sequences are Sobol's (1967), scrambled after Matoušek (1998), and Halton's (1960), scrambled after Owen (2017).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct

from persopt.domain.errors import InputError
from persopt.plugins import SamplerRequest, SamplingStrategy, hookimpl

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

    from persopt.tuning.distributions import ParameterCode

__all__ = ("QuasiRandomOptions", "QuasiRandomSearch")

_MOST_PARAMETERS = 21_201  # of Sobol's sequence in SciPy


class QuasiRandomOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Options of quasi-random search."""

    sequence: Annotated[
        Literal["sobol", "halton"],
        Meta(title="Sequence", description="Sobol fills best with 2, 4, 8, 16, ... trials, Halton with any number."),
    ] = "sobol"
    scramble: Annotated[
        bool, Meta(title="Scramble", description="Shuffle the sequence by the seed; otherwise the seed has no effect.")
    ] = True


class QuasiRandomSearch:
    """Visits the places of one low-discrepancy sequence; a trial's point depends on no other trial's result.

    Every parameter has its own coordinate, one that exists only under a condition too; there the coordinate is
    unused where the parameter does not exist. A point that was tried already is left out.
    """

    name = "qmc"
    title = {"en": "Quasi-random search (Sobol, Halton)", "fa": "جست‌وجوی شبه‌تصادفی (سوبول، هالتون)"}
    options = QuasiRandomOptions

    def check_search(self, options: QuasiRandomOptions, request: SamplerRequest) -> None:
        """Refuse more parameters than the sequence has coordinates.

        Raises:
            InputError: if there are too many.
        """
        count = len(request.space.parameters)
        if options.sequence == "sobol" and count > _MOST_PARAMETERS:
            message = f"has {count:,} parameters; Sobol's sequence has at most {_MOST_PARAMETERS:,} coordinates"
            raise InputError(message, path="$.config", hint="choose sequence halton")

    def sampler(self, options: QuasiRandomOptions, request: SamplerRequest) -> BaseSampler:
        """Return a sampler for one trial.

        Raises:
            InputError: as `check_search` does.
        """
        from persopt.tuning.distributions import code_space

        self.check_search(options, request)
        return _place_sampler(code_space(request.space), options, request.study_seed)


def _place(options: QuasiRandomOptions, dimensions: int, seed: int, index: int) -> list[float]:
    """Return the coordinates of one place of the sequence, each in [0, 1)."""
    from scipy.stats import qmc

    engine_class = qmc.Sobol if options.sequence == "sobol" else qmc.Halton
    engine = engine_class(dimensions, scramble=options.scramble, rng=seed)
    if index:
        engine.fast_forward(index)
    return [float(share) for share in engine.random(1)[0]]


def _place_sampler(codes: tuple[ParameterCode, ...], options: QuasiRandomOptions, seed: int) -> BaseSampler:
    from optuna.samplers import BaseSampler

    from persopt.tuning.distributions import make_distribution
    from persopt.tuning.unit_cube import from_share

    class PlaceSampler(BaseSampler):
        """Answers with the place of the sequence that has the number of the draw, rejected draws counted."""

        def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:  # noqa: ARG002
            return {code.name: make_distribution(code) for code in codes}

        def sample_relative(
            self,
            study: Study,  # noqa: ARG002
            trial: FrozenTrial,
            search_space: dict[str, BaseDistribution],  # noqa: ARG002
        ) -> dict[str, Any]:
            place = _place(options, len(codes), seed, trial.number)
            return {code.name: from_share(code, share) for code, share in zip(codes, place, strict=True)}

        def sample_independent(
            self,
            study: Study,  # noqa: ARG002
            trial: FrozenTrial,  # noqa: ARG002
            param_name: str,
            param_distribution: BaseDistribution,  # noqa: ARG002
        ) -> Any:
            raise KeyError(param_name)  # every parameter has a coordinate

    return PlaceSampler()


@hookimpl
def persopt_sampling_strategies() -> Iterable[SamplingStrategy[QuasiRandomOptions]]:
    """Offer quasi-random search."""
    yield QuasiRandomSearch()
