"""Grid search: every combination exactly once, in an order that spreads over the space.

The order: step k of the study takes, of every parameter, the next value in turn (all parameters at once, as
the wheels of an odometer that turn together, one of them skipping a tooth whenever the combination would
repeat). So after any number of trials the values of each parameter have been used equally often, give or take
one: a grid that is cut short is a Latin-hypercube-like design and not one corner of the space. The turn of the
longest parameter halves its range again and again (van der Corput); the others' are permuted by the seed.
The points of a conditional space, which is no product, are visited in an order drawn by the seed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from persopt.domain.errors import Fault, InputError
from persopt.domain.space import FloatParameter, IntParameter, Params, Space
from persopt.plugins import SamplerRequest, SamplingStrategy, hookimpl

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import Study
    from optuna.trial import FrozenTrial

__all__ = ("GridOptions", "GridSearch", "grid_point")


class GridOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Options of grid search."""

    max_points: Annotated[
        int, Meta(ge=1, title="Most points", description="A grid of more points than this is refused.")
    ] = 10_000


class GridSearch:
    """Visits every point of a finite space once; a trial's point depends on its number and the study's seed only."""

    name = "grid"
    title = {"en": "Grid search", "fa": "جست‌وجوی شبکه‌ای"}
    options = GridOptions

    def size(self, options: GridOptions, request: SamplerRequest) -> int:
        """Return the number of points.

        Raises:
            InputError: if a parameter is continuous, or there are more points than `max_points`.
        """
        size = request.space.size
        if size is None:
            raise InputError([_continuous(parameter.name) for parameter in _continuous_parameters(request.space)])
        if size > options.max_points:
            raise InputError(
                f"the grid has {size:,} points ({_describe_counts(request.space)}); "
                f"accepted are up to {options.max_points:,}",
                path="$.config",
                hint="give fewer choices, a smaller step (number of grid points), another strategy, or raise maxPoints",
            )
        return size

    def sampler(self, options: GridOptions, request: SamplerRequest) -> BaseSampler:
        """Return a sampler that gives the trial's point.

        Raises:
            InputError: as `size` does.
        """
        from persopt.tuning.distributions import code_space

        size = self.size(options, request)
        point = grid_point(request.space, request.trial_number % size, request.study_seed)
        return _point_sampler(
            {code.name: code.to_sampler(point[code.name]) for code in code_space(request.space) if code.name in point}
        )


def grid_point(space: Space, step: int, seed: int) -> Params:
    """Return the point that a grid search visits at a step, from 0 to `space.size` - 1."""
    if any(parameter.when for parameter in space.parameters):
        size = space.size or 1
        return space.point_at(_shuffled(size, seed, "points")[step])
    values: list[Sequence[Any]] = [parameter.values or () for parameter in space.parameters]
    by_length = sorted(range(len(values)), key=lambda axis: -len(values[axis]))
    places = _spread([len(values[axis]) for axis in by_length], step)
    point: Params = {}
    for position, axis in enumerate(by_length):
        name, count = space.parameters[axis].name, len(values[axis])
        turn = _halving(count) if position == 0 else _shuffled(count, seed, name)
        point[name] = values[axis][turn[places[position]]]
    return {parameter.name: point[parameter.name] for parameter in space.parameters}


def _spread(counts: Sequence[int], step: int) -> list[int]:
    """Map steps one to one to places of a grid, each axis' place going up by one, round and round, at each step.

    For two axes of m and n places the map k -> (k mod m, (k + k // lcm(m, n)) mod n) is one to one: within lcm
    steps no pair repeats, and the skip makes the next lcm steps meet other pairs. Further axes by induction.
    """
    places: list[int] = []
    total = math.prod(counts)
    for count in reversed(counts[1:]):
        total //= count
        places.append((step + step // math.lcm(total, count)) % count)
        step %= total
    return [step, *reversed(places)]


def _halving(count: int) -> list[int]:
    """Return the places in van der Corput's order, by reversed binary digits: any first few lie far apart."""
    bits = max(count - 1, 1).bit_length()
    return sorted(range(count), key=lambda place: int(f"{(place << bits) // count:0{bits}b}"[::-1], 2))


def _shuffled(count: int, seed: int, name: str) -> list[int]:
    import numpy as np

    from persopt.tuning.seeds import derive_seed

    # RandomState, whose stream is frozen for all time: a resumed grid must not change with numpy.
    return [int(place) for place in np.random.RandomState(derive_seed(seed, "grid", name)).permutation(count)]


def _describe_counts(space: Space) -> str:
    counts = (
        (item.count if isinstance(item, IntParameter) else len(item.values or ()), item.name)
        for item in space.parameters
    )
    return ", ".join(f"{count:,} of {name}" for count, name in counts if count > 1)


def _continuous_parameters(space: Space) -> list[FloatParameter]:
    return [item for item in space.parameters if isinstance(item, FloatParameter) and item.values is None]


def _continuous(name: str) -> Fault:
    return Fault(
        path=f"$.config.{name}",
        message="is a continuous range, of which a grid cannot visit every value",
        hint='give "step", the number of grid points, or a list of choices',
    )


def _point_sampler(answers: Params) -> BaseSampler:
    from optuna.samplers import BaseSampler

    class PointSampler(BaseSampler):
        """Answers with the values of one point."""

        def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:  # noqa: ARG002
            return {}

        def sample_relative(
            self,
            study: Study,  # noqa: ARG002
            trial: FrozenTrial,  # noqa: ARG002
            search_space: dict[str, BaseDistribution],  # noqa: ARG002
        ) -> dict[str, Any]:
            return {}

        def sample_independent(
            self,
            study: Study,  # noqa: ARG002
            trial: FrozenTrial,  # noqa: ARG002
            param_name: str,
            param_distribution: BaseDistribution,  # noqa: ARG002
        ) -> Any:
            return answers[param_name]

    return PointSampler()


@hookimpl
def persopt_sampling_strategies() -> Iterable[SamplingStrategy[GridOptions]]:
    """Offer grid search."""
    yield GridSearch()
