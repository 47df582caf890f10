"""The study: persopt's own records on one side, Optuna's samplers in memory on the other.

Records are the truth. Optuna's study lives in memory, is told what the records say, and is built again from
them when a study is taken up again. For every trial the sampler is made anew with a seed that depends only on
the study's seed, the trial's number and the attempt, so nothing lives in a sampler that a resumed study lacks:
it goes on with the points that the uninterrupted one would have had.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from persopt.domain.objectives import Constraint, Objective, constraint_excesses
from persopt.domain.space import Params, Scalar, Space, point_key
from persopt.domain.trials import TrialRecord
from persopt.plugins.contracts.sampling import FiniteStrategy, SamplerRequest, SamplingStrategy
from persopt.tuning.distributions import code_space, make_distribution, normalize_params
from persopt.tuning.enqueuing import ORIGIN_ATTRIBUTE, EnqueuedPoint
from persopt.tuning.seeds import derive_seed

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.trial import TrialState

__all__ = ("STEP_ATTRIBUTE", "Study", "StudyRequest", "Suggestion")

STEP_ATTRIBUTE = "persopt:step"
_REJECTED = "persopt:rejected"
_OWN_PREFIX = "persopt:"
_CONSTRAINT_PREFIX = "constraints:"  # where Optuna's `Trial.set_constraint` puts them
_ATTEMPTS = 10


class StudyRequest(Struct, frozen=True, kw_only=True):
    """What a study searches, and how.

    Attributes:
        strategy: The sampling strategy.
        options: Its options.
        space: The search space.
        objectives: What is searched for, at least one.
        seed: Seed of the study.
        max_trials: The study never has more trials; None for no limit but the points that there are.
        parallel: Trials that run at the same time (samplers may want to know).
        constraints: Limits of metrics; samplers that can look where they are kept.
        enqueued: The values of the first trials; what a point leaves out is sampled.
    """

    strategy: SamplingStrategy[Any]
    options: Struct
    space: Space
    objectives: tuple[Objective, ...]
    seed: int = 0
    max_trials: int | None = None
    parallel: int = 1
    constraints: tuple[Constraint, ...] = ()
    enqueued: tuple[EnqueuedPoint, ...] = ()


class Suggestion(Struct, frozen=True, kw_only=True):
    """A trial to run: its number, its point, and what the sampler wants kept with it."""

    number: int
    params: Params
    attributes: dict[str, Any]


class Study:
    """Gives points and is told what became of them. Use it from one thread.

    In a finite space no point is given twice, whatever became of it.

    Args:
        request: What is searched.
        guard: Makes the context manager inside which the strategy's and its sampler's code runs.
    """

    def __init__(
        self, request: StudyRequest, *, guard: Callable[[], AbstractContextManager[object]] = nullcontext
    ) -> None:
        self._request = request
        self._guard = guard
        self._codes = code_space(request.space)
        self._size = request.space.size
        self._distributions = {code.name: make_distribution(code) for code in self._codes}
        self._reset()

    @property
    def planned(self) -> int | None:
        """Number of trials that the study will have, or None if there is no limit.

        Raises:
            InputError: if the strategy needs a finite space and this one is not, or is too large.
        """
        limits = [limit for limit in (self._request.max_trials, self._points) if limit is not None]
        return min(limits, default=None)

    @property
    def ended_by(self) -> str | None:
        """Why `ask` gives nothing more: `trials`, `exhausted`, or None if it has not ended."""
        number = len(self._rejected)
        if self._request.max_trials is not None and number >= self._request.max_trials:
            return "trials"
        return "exhausted" if self._points is not None and number >= self._points else None

    def rebuild(self, trials: Iterable[TrialRecord], study_attributes: Mapping[str, Any]) -> list[TrialRecord]:
        """Forget everything and take the state that these records tell.

        Args:
            trials: All trials of the study so far. Running ones are expected to be told later.
            study_attributes: What `study_attributes` returned last.

        Returns:
            The records by number, their points in the space's order and its types.

        Raises:
            ValueError: if the numbers have gaps or a point is not of the space.
        """
        self._reset()
        for key, value in study_attributes.items():
            self._storage.set_study_system_attr(self._study_id, key, value)
        ordered = sorted(trials, key=lambda record: record.number)
        records = []
        for number, record in enumerate(ordered):
            if record.number != number:
                raise ValueError(f"trial {number} is missing among the records")
            params = normalize_params(self._codes, record.params)
            rejected = int(record.attributes.get(_REJECTED, 0))
            for _ in range(rejected):
                self._add(TrialRecord(number=number, state="failed", params={}), {}, 0)
            step = int(record.attributes.get(STEP_ATTRIBUTE, 0))
            self._add(record, params, step)
            self._remember(params, rejected)
            records.append(msgspec.structs.replace(record, params=params))
        return records

    def ask(self) -> Suggestion | None:
        """Return the next trial, or None when there is none; `ended_by` then says why.

        Raises:
            InputError: if the strategy's options and the space do not go together.
        """
        if self.ended_by is not None:
            return None
        number = len(self._rejected)
        attempts = 1 if self._size is None else _ATTEMPTS
        for attempt in range(attempts):
            params, attributes = self._draw(number, attempt)
            if self._size is None or point_key(params) not in self._seen:
                break
            self._optuna.tell(self._optuna_number(number, attempt), state=_state("failed"))
        else:
            attempt, params, attributes = attempts, self._choose_unseen(number), {}
            self._add(TrialRecord(number=number, state="running", params=params), params, 0)
        self._remember(params, attempt)
        if attempt:
            attributes[_REJECTED] = attempt
        if number < len(self._request.enqueued):
            attributes[ORIGIN_ATTRIBUTE] = self._request.enqueued[number].origin
        return Suggestion(number=number, params=params, attributes=attributes)

    def tell(self, record: TrialRecord) -> TrialRecord:
        """Take the end of a trial that `ask` gave or `rebuild` left running.

        Returns:
            The record with what the sampler now wants kept with the trial.
        """
        number, rejected = record.number, self._rejected[record.number]
        optuna_number = self._optuna_number(number, rejected)
        trial_id = self._storage.get_trial_id_from_study_id_trial_number(self._study_id, optuna_number)
        if record.state == "stopped" and record.values and len(self._request.objectives) == 1:
            step = int(record.attributes.get(STEP_ATTRIBUTE, 0))
            self._storage.set_trial_intermediate_value(trial_id, step, record.values[0])
        for key, excess in self._excesses(record).items():
            self._storage.set_trial_system_attr(trial_id, f"{_CONSTRAINT_PREFIX}{key}", excess)
        with self._guard(), _quiet_optuna():
            self._optuna.sampler = self._sampler(number, rejected)
            values = record.values if record.state == "succeeded" else None
            self._optuna.tell(optuna_number, values, state=_state(record.state))
        own = {key: value for key, value in record.attributes.items() if key.startswith(_OWN_PREFIX)}
        attributes = {**_foreign(self._storage.get_trial(trial_id).system_attrs), **own}
        return msgspec.structs.replace(record, attributes=attributes)

    def study_attributes(self) -> dict[str, Any]:
        """Return what the sampler wants kept with the study."""
        return dict(self._storage.get_study_system_attrs(self._study_id))

    def _reset(self) -> None:
        import optuna

        self._storage = optuna.storages.InMemoryStorage()
        directions = [
            optuna.study.StudyDirection[objective.direction.upper()] for objective in self._request.objectives
        ]
        # By the storage and not by create_study, which tells every new study on standard error.
        name = "persopt"
        with _quiet_optuna():
            self._study_id = self._storage.create_new_study(directions, name)
        self._optuna = optuna.Study(name, self._storage, sampler=optuna.samplers.RandomSampler())
        self._rejected: list[int] = []
        self._offsets: list[int] = []
        self._seen: set[object] = set()

    @cached_property
    def _points(self) -> int | None:
        """Number of points that the strategy can visit, if it is finite."""
        strategy = self._request.strategy
        if not isinstance(strategy, FiniteStrategy):
            return self._size
        with self._guard():
            visited = strategy.size(self._request.options, self._sampler_request(0, 0))
        return visited if self._size is None else min(visited, self._size)

    def _sampler_request(self, number: int, attempt: int) -> SamplerRequest:
        request = self._request
        return SamplerRequest(
            space=request.space,
            objectives=request.objectives,
            study_seed=request.seed,
            trial_seed=derive_seed(request.seed, "trial", number, attempt),
            trial_number=number,
            attempt=attempt,
            max_trials=request.max_trials,
            parallel=request.parallel,
            constraints=request.constraints,
        )

    def _sampler(self, number: int, attempt: int) -> BaseSampler:
        return self._request.strategy.sampler(self._request.options, self._sampler_request(number, attempt))

    def _draw(self, number: int, attempt: int) -> tuple[Params, dict[str, Any]]:
        params: Params = {}
        with self._guard(), _quiet_optuna():
            self._optuna.sampler = self._sampler(number, attempt)
            if number < len(self._request.enqueued):
                self._enqueue(self._request.enqueued[number].params, number, attempt)
            trial = self._optuna.ask()
            for code in self._codes:
                if code.parameter.exists(params):
                    given = trial._suggest(code.name, self._distributions[code.name])  # noqa: SLF001 - no public one takes a distribution
                    params[code.name] = code.from_sampler(given)
        return params, dict(self._storage.get_trial(trial._trial_id).system_attrs)  # noqa: SLF001

    def _enqueue(self, fixed: Params, number: int, attempt: int) -> None:
        """Fix values of the trial that is asked for next."""
        import optuna

        self._optuna.enqueue_trial(
            {code.name: code.to_sampler(fixed[code.name]) for code in self._codes if code.name in fixed}
        )
        if isinstance(self._request.strategy, FiniteStrategy):  # it answers for its own points only
            seed = derive_seed(self._request.seed, "enqueued", number, attempt)
            self._optuna.sampler = optuna.samplers.RandomSampler(seed=seed)

    def _choose_unseen(self, number: int) -> Params:
        """Walk through all points from a place and with a stride that depend on the seed alone."""
        size = self._size or 0
        place = derive_seed(self._request.seed, "unseen", number) % size
        stride = derive_seed(self._request.seed, "stride", number) % size or 1
        while math.gcd(stride, size) != 1:
            stride += 1
        while point_key(params := self._request.space.point_at(place)) in self._seen:
            place = (place + stride) % size
        return params

    def _remember(self, params: Params, rejected: int) -> None:
        self._offsets.append((self._offsets[-1] if self._offsets else 0) + rejected)
        self._rejected.append(rejected)
        if self._size is not None:
            self._seen.add(point_key(params))

    def _optuna_number(self, number: int, attempt: int) -> int:
        """Rejected draws stay in Optuna's study as failed trials, before the one that was taken."""
        return number + attempt + (self._offsets[number - 1] if number else 0)

    def _add(self, record: TrialRecord, params: Params, step: int) -> None:
        import optuna

        state, values = record.state, record.values
        is_stopped_with_value = state == "stopped" and len(values) == 1 == len(self._request.objectives)
        given: dict[str, Scalar] = {
            code.name: code.to_sampler(params[code.name]) for code in self._codes if code.name in params
        }
        self._optuna.add_trial(
            optuna.trial.create_trial(
                state=_state(state),
                params=given,
                distributions={name: self._distributions[name] for name in given},
                system_attrs=_foreign(record.attributes),
                constraints=self._excesses(record),
                values=values if state == "succeeded" or is_stopped_with_value else None,
                intermediate_values={step: values[0]} if is_stopped_with_value else None,
            )
        )

    def _excesses(self, record: TrialRecord) -> dict[str, float]:
        """Return what a trial is beyond the limits, from its metrics alone: attributes are not asked for it."""
        if record.state not in ("succeeded", "stopped"):
            return {}
        return constraint_excesses(self._request.constraints, record.metrics) or {}


def _foreign(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the sampler keeps with a trial."""
    prefixes = (_OWN_PREFIX, _CONSTRAINT_PREFIX)
    return {key: value for key, value in attributes.items() if not key.startswith(prefixes)}


@contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Keep Optuna's remarks off standard error: on new studies, on parameters drawn independently."""
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(verbosity)


def _state(state: str) -> TrialState:
    from optuna.trial import TrialState

    states = {"succeeded": TrialState.COMPLETE, "stopped": TrialState.PRUNED, "failed": TrialState.FAIL}
    return states.get(state, TrialState.RUNNING)
