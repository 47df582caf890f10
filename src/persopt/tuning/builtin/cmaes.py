"""Evolution strategy: CMA-ES (Hansen, 2016, arXiv:1604.00772), with margin for whole numbers (Hamano et al., 2022).

The optimizer is not stored but replayed: with each trial is kept what was drawn for it, with the study which trials
made up each generation. That is plain data, a few numbers a trial, and needs no pickle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from persopt.domain.errors import Fault, InputError
from persopt.domain.space import CategoricalParameter, Parameter, Scalar, Space
from persopt.plugins import SamplerRequest, SamplingStrategy, hookimpl

if TYPE_CHECKING:
    import numpy as np
    from cmaes import CMAwM
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

    from persopt.tuning.distributions import ParameterCode

__all__ = ("EvolutionOptions", "EvolutionSearch")

_GENERATION = "cmaes:generation"
_DRAWN = "cmaes:drawn"
_PLACE = "cmaes:place"


class EvolutionOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Options of the evolution strategy."""

    population_size: Annotated[
        Annotated[int, Meta(ge=4)] | None,
        Meta(
            title="Population",
            description="Trials of a generation; by default 4 + 3 ln(number of numeric parameters), rounded down.",
        ),
    ] = None
    step_size: Annotated[
        float, Meta(gt=0, le=1, title="Step size", description="First standard deviation, as a share of each range.")
    ] = 0.2


class EvolutionSearch:
    """Moves and shapes a normal distribution towards the better half of each generation of succeeded trials.

    It searches the numbers that exist in every point; choices, and parameters under a condition, are drawn at
    random. Trials that break constraints rank behind all that keep them, by how much they break them.
    """

    name = "cmaes"
    title = {"en": "Evolution strategy (CMA-ES)", "fa": "راهبرد تکاملی (CMA-ES)"}
    options = EvolutionOptions

    def check_search(self, options: EvolutionOptions, request: SamplerRequest) -> None:  # noqa: ARG002 - the contract's
        """Refuse several objectives, and a space without a number to move.

        Raises:
            InputError: with both.
        """
        faults = []
        if len(request.objectives) > 1:
            message = f"cmaes searches for one objective, got {len(request.objectives)}"
            faults.append(Fault(path="$.objectives", message=message, hint="choose nsga2 or bayesian"))
        if not any(_is_searched(parameter) for parameter in request.space.parameters):
            message = "cmaes needs a range of numbers that exists in every point, got none"
            faults.append(Fault(path="$.config", message=message, hint="choose bayesian, nsga2 or random"))
        if faults:
            raise InputError(faults)

    def sampler(self, options: EvolutionOptions, request: SamplerRequest) -> BaseSampler:
        """Return a sampler for one trial.

        Raises:
            InputError: as `check_search` does.
        """
        self.check_search(options, request)
        return _replaying_sampler(_Replay(options, request.space), request.trial_seed)


def _is_searched(parameter: Parameter) -> bool:
    if isinstance(parameter, CategoricalParameter) or parameter.when:
        return False
    return parameter.low < parameter.high


class _Replay:
    """The optimizer over [0, 1] for each number of the space.

    A parameter with evenly spaced places (grid points, whole numbers on a linear scale) has these at even steps
    from 0 to 1, for the margin; every other one fills the range on its scale.
    """

    def __init__(self, options: EvolutionOptions, space: Space) -> None:
        from persopt.tuning.distributions import code_space

        self._options = options
        self.codes = tuple(code for code in code_space(space) if _is_searched(code.parameter))
        self._steps = [_count_steps(code) for code in self.codes]

    def run(self, study: Study) -> tuple[CMAwM, int]:
        """Return the optimizer as the study's succeeded trials make it, and its generation.

        A generation that has become whole is written down with the study: trials that end later, though drawn in
        it, do not change what came of it.
        """
        from optuna.trial import TrialState

        trials = {trial.number: trial for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))}
        sign = 1 if study.direction.name == "MINIMIZE" else -1
        optimizer = self._begin()
        while True:
            generation = optimizer.generation
            members = _members(study, trials, generation, optimizer.population_size)
            if members is None:
                return optimizer, generation
            ranked = sorted((trials[number] for number in members), key=lambda trial: _cost(trial, sign))
            # Only the order counts, and so infeasible trials need no made-up value.
            optimizer.tell([(self._place(trial), float(rank)) for rank, trial in enumerate(ranked)])

    def decode(self, point: Sequence[float]) -> dict[str, Scalar]:
        """Return the sampler's answers for a point of the cube."""
        from persopt.tuning.unit_cube import from_share

        answers: dict[str, Scalar] = {}
        for code, steps, share in zip(self.codes, self._steps, point, strict=True):
            low = 0 if code.kind == "index" else getattr(code.parameter, "low", 0)
            answers[code.name] = int(low + round(share * steps)) if steps else from_share(code, share)
        return answers

    def _begin(self) -> CMAwM:
        import numpy as np
        from cmaes import CMAwM

        dimensions = len(self.codes)
        return CMAwM(
            mean=np.full(dimensions, 0.5),
            sigma=self._options.step_size,
            bounds=np.tile([0.0, 1.0], (dimensions, 1)),
            steps=np.array([1 / steps if steps else 0.0 for steps in self._steps]),
            population_size=self._options.population_size,
            seed=0,  # never drawn from: each trial brings its own
        )

    def _place(self, trial: FrozenTrial) -> np.ndarray[Any, Any]:
        """Return where a trial lies: as it was drawn, unless it was run at another point than that."""
        import numpy as np

        drawn = trial.system_attrs.get(_DRAWN, {})
        if all(trial.params.get(name) == answer for name, answer in drawn.items()):
            return np.array(trial.system_attrs[_PLACE])
        return np.array([self._encode(code, steps, trial) for code, steps in zip(self.codes, self._steps, strict=True)])

    def _encode(self, code: ParameterCode, steps: int, trial: FrozenTrial) -> float:
        from persopt.tuning.unit_cube import to_share

        answer = trial.params[code.name]
        if not steps:
            return to_share(code, answer)
        low = 0 if code.kind == "index" else getattr(code.parameter, "low", 0)
        return float((answer - low) / steps)


def _count_steps(code: ParameterCode) -> int:
    """Return the number of even steps from end to end, or 0 where places are not evenly spaced."""
    from persopt.tuning.unit_cube import count_places

    is_even = code.kind == "index" or (code.kind == "int" and not getattr(code.parameter, "log", False))
    return (count_places(code) or 1) - 1 if is_even else 0


def _members(study: Study, trials: Mapping[int, FrozenTrial], generation: int, size: int) -> list[int] | None:
    """Return the numbers of the trials that made up a generation, or None if it is not whole yet."""
    key = f"cmaes:members:{generation}"
    kept: list[int] | None = study._storage.get_study_system_attrs(study._study_id).get(key)  # noqa: SLF001 - the public one is deprecated
    if kept is not None and all(number in trials for number in kept):
        return kept
    drawn = [number for number, trial in trials.items() if trial.system_attrs.get(_GENERATION) == generation]
    if len(drawn) < size:
        return None
    study._storage.set_study_system_attr(study._study_id, key, drawn[:size])  # noqa: SLF001
    return drawn[:size]


def _cost(trial: FrozenTrial, sign: int) -> tuple[float, float, int]:
    violation = sum(excess for excess in trial.constraints.values() if excess > 0)
    return (violation, sign * float(trial.value or 0.0), trial.number)


def _replaying_sampler(replay: _Replay, seed: int) -> BaseSampler:
    from optuna.samplers import BaseSampler, RandomSampler

    from persopt.tuning.distributions import make_distribution

    class ReplayingSampler(BaseSampler):
        """Replays the study's generations, then draws the trial's point."""

        def __init__(self) -> None:
            self._random = RandomSampler(seed=seed)

        def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:  # noqa: ARG002
            return {code.name: make_distribution(code) for code in replay.codes}

        def sample_relative(
            self,
            study: Study,
            trial: FrozenTrial,
            search_space: dict[str, BaseDistribution],  # noqa: ARG002
        ) -> dict[str, Any]:
            optimizer, generation = replay.run(study)
            optimizer.reseed_rng(seed)
            point, place = optimizer.ask()
            answers = replay.decode(point.tolist())
            kept = {_GENERATION: generation, _DRAWN: answers, _PLACE: place.tolist()}
            for key, value in kept.items():
                study._storage.set_trial_system_attr(trial._trial_id, key, value)  # noqa: SLF001 - as Optuna's own do
            return answers

        def sample_independent(
            self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
        ) -> Any:
            return self._random.sample_independent(study, trial, param_name, param_distribution)

    return ReplayingSampler()


@hookimpl
def persopt_sampling_strategies() -> Iterable[SamplingStrategy[EvolutionOptions]]:
    """Offer the evolution strategy."""
    yield EvolutionSearch()
