"""What is true of every sampling strategy."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
import pytest

from persopt.domain.errors import InputError
from persopt.domain.objectives import Objective
from persopt.domain.space import ParameterConfig, ParameterSpec, Params, Space, point_key
from persopt.domain.space_building import build_space
from persopt.domain.trials import TrialRecord, TrialState
from persopt.plugins.contracts.sampling import FiniteStrategy, SamplerRequest, SamplingStrategy, SelectiveStrategy
from persopt.testing.contributions import ContributionCase

if TYPE_CHECKING:
    from persopt.tuning.study import Study, Suggestion

__all__ = ("SamplingStrategyCase",)

_OBJECTIVES: Final = (Objective("score"), Objective("cost", "minimize"))
_CONTINUOUS: Final[Mapping[str, ParameterConfig]] = {
    "rate": ParameterSpec(min=1e-5, max=1e-1, distribution="log_uniform"),
    "share": ParameterSpec(min=0.0, max=0.5),
    "layers": ParameterSpec(min=1, max=64),
    "kind": ["plain", "gated", "mixed"],
}
_CONDITIONAL: Final[Mapping[str, ParameterConfig]] = {
    "optimizer": ["sgd", "adam"],
    "decay": ParameterSpec(min=0.0, max=0.1),
    "momentum": ParameterSpec(min=0.0, max=1.0, when={"optimizer": "sgd"}),
    "beta": ParameterSpec(min=0.8, max=0.999, when={"optimizer": "adam"}),
    "nesterov": ParameterSpec(choices=[True, False], when={"optimizer": "sgd"}),
}
_FINITE: Final[Mapping[str, ParameterConfig]] = {
    "rate": ParameterSpec(min=1e-5, max=1e-2, distribution="log_uniform", step=4),
    "size": [8, 16, 32],
    "gated": [True, False],
}
_FINITE_CONDITIONAL: Final[Mapping[str, ParameterConfig]] = {
    "optimizer": ["sgd", "adam", "rms"],
    "momentum": ParameterSpec(min=0.0, max=0.9, step=4, when={"optimizer": ["sgd", "rms"]}),
    "nesterov": ParameterSpec(choices=[True, False], when={"optimizer": "sgd"}),
    "epochs": ParameterSpec(min=1, max=3),
}


class SamplingStrategyCase(ContributionCase):
    """Tests of a sampling strategy, driven as a study drives it.

    Attributes:
        strategy: The strategy under test.
        trials: Trials of each study that is run.
        spaces: Search spaces by name, as `config`s; only those are used that the strategy can search.
    """

    kind = "sampling-strategy"
    strategy: ClassVar[SamplingStrategy[Any]]
    trials: ClassVar[int] = 16
    spaces: ClassVar[Mapping[str, Mapping[str, ParameterConfig]]] = {
        "continuous": _CONTINUOUS,
        "conditional": _CONDITIONAL,
        "finite": _FINITE,
        "finite-conditional": _FINITE_CONDITIONAL,
    }

    @property
    def contribution(self) -> SamplingStrategy[Any]:
        """The strategy under test."""
        return self.strategy

    @property
    def is_finite(self) -> bool:
        """Whether the strategy visits a known number of points and then ends."""
        return isinstance(self.strategy, FiniteStrategy)

    def test_draws_lie_in_the_space(self) -> None:
        """Every point has exactly the parameters that exist there, with values that are allowed."""
        for space, options in self._cases():
            for params in _run(self._study(space, options, seed=1), self.trials):
                assert space.contains(params), params

    def test_the_same_seed_gives_the_same_points(self) -> None:
        """With the same results told, a study is repeated to the last digit."""
        for space, options in self._cases():
            assert self._points(space, options, seed=1) == self._points(space, options, seed=1)

    def test_another_seed_gives_other_points(self) -> None:
        """The seed reaches the draws."""
        if self.is_finite:
            pytest.skip("a finite strategy may visit its points in a fixed order")
        for space, options in self._cases():
            assert self._points(space, options, seed=1) != self._points(space, options, seed=2)

    def test_a_point_is_drawn_by_trial_seed_and_history_alone(self) -> None:
        """Nothing lives in the strategy: studies that run side by side do not touch each other."""
        for space, options in self._cases():
            one, other = self._study(space, options, seed=1), self._study(space, options, seed=2)
            mixed = [_step(study) for _ in range(self.trials) for study in (one, other)]
            alone = self._points(space, options, seed=1)
            assert [params for params in mixed[::2] if params is not None] == alone

    def test_a_study_taken_up_again_goes_on_as_if_nothing_had_been(self) -> None:
        """After any trial the study can be rebuilt from its records and gives the same points from there."""
        for space, options in self._cases():
            expected = self._points(space, options, seed=3)
            for kept in (1, len(expected) // 2, len(expected) - 1):
                records, attributes = _record(self._study(space, options, seed=3), kept)
                study = self._study(space, options, seed=3)
                study.rebuild(records, attributes)
                assert _run(study, len(expected) - kept) == expected[kept:]

    def test_trials_that_run_and_trials_that_failed_do_no_harm(self) -> None:
        """Several trials are asked for before any is told, and every other one fails."""
        for space, options in self._cases():
            study = self._study(space, options, seed=4, parallel=4)
            for _ in range(3):
                suggestions = [suggestion for suggestion in (study.ask() for _ in range(4)) if suggestion is not None]
                for suggestion in suggestions:
                    assert space.contains(suggestion.params)
                    _tell(study, suggestion, "failed" if suggestion.number % 2 else "succeeded")

    def test_several_objectives_work_or_are_refused_in_words(self) -> None:
        """There is no other error than an `InputError`."""
        for space, options in self._cases():
            study = self._study(space, options, seed=5, objectives=2)
            try:
                points = _run(study, self.trials, objectives=2)
            except InputError as error:
                assert error.faults[0].message  # noqa: PT017 - both ends are right
            else:
                assert all(space.contains(params) for params in points)

    def test_what_cannot_be_searched_is_refused_beforehand_and_by_the_sampler_alike(self) -> None:
        """The check before a job exists and the sampler have the same opinion."""
        if not isinstance(self.strategy, SelectiveStrategy):
            pytest.skip("says nothing beforehand")
        choices: dict[str, ParameterConfig] = {"kind": ["a", "b"]}
        for config in (*self.spaces.values(), choices):
            space = build_space(config, known_only=False)
            for options, objectives in itertools.product(self.all_options, (1, 2)):
                request = msgspec.structs.replace(_request(space), objectives=_OBJECTIVES[:objectives])
                assert _refused(self.strategy.check_search, options, request) == _refused(
                    self.strategy.sampler, options, request
                )

    def test_a_finite_strategy_visits_each_of_its_points_once(self) -> None:
        """As many different points as `size` says, asked for all at once, and failures count as visits."""
        if not isinstance(self.strategy, FiniteStrategy):
            pytest.skip("not a finite strategy")
        for space, options in self._cases():
            size = self.strategy.size(options, _request(space))
            assert 0 < size <= (space.size or math.inf)
            study = self._study(space, options, seed=6, limit=None)
            suggestions = [study.ask() for _ in range(size)]
            found = [suggestion for suggestion in suggestions if suggestion is not None]
            assert len({point_key(suggestion.params) for suggestion in found}) == size
            assert not any("persopt:rejected" in suggestion.attributes for suggestion in found), "gave a point twice"
            for suggestion in found:
                _tell(study, suggestion, "failed")
            assert study.ask() is None

    def test_a_finite_strategy_refuses_a_continuous_space(self) -> None:
        """It says which parameters it cannot enumerate, before anything runs."""
        if not isinstance(self.strategy, FiniteStrategy):
            pytest.skip("not a finite strategy")
        for options in self.all_options:
            with pytest.raises(InputError):
                self.strategy.size(options, _request(build_space(_CONTINUOUS, known_only=False)))

    def _cases(self) -> list[tuple[Space, Any]]:
        spaces = [build_space(config, known_only=False) for config in self.spaces.values()]
        return [
            (space, options)
            for space in spaces
            if space.size is not None or not self.is_finite
            for options in self.all_options
            if not isinstance(self.strategy, SelectiveStrategy)
            or not _refused(self.strategy.check_search, options, _request(space))
        ]

    def _points(self, space: Space, options: Any, *, seed: int) -> list[Params]:
        return _run(self._study(space, options, seed=seed), self.trials)

    def _study(
        self,
        space: Space,
        options: Any,
        *,
        seed: int,
        objectives: int = 1,
        parallel: int = 1,
        limit: int | None = 100,
    ) -> Study:
        from persopt.tuning.study import Study, StudyRequest

        return Study(
            StudyRequest(
                strategy=self.strategy,
                options=options,
                space=space,
                objectives=_OBJECTIVES[:objectives],
                seed=seed,
                max_trials=limit,
                parallel=parallel,
            )
        )


def _request(space: Space) -> SamplerRequest:
    return SamplerRequest(space=space, objectives=_OBJECTIVES[:1], study_seed=6, trial_seed=6, trial_number=0)


def _refused(call: Callable[[Any, SamplerRequest], object], options: Any, request: SamplerRequest) -> list[str]:
    try:
        call(options, request)
    except InputError as error:
        return [str(fault) for fault in error.faults]
    return []


def _run(study: Study, trials: int, objectives: int = 1) -> list[Params]:
    points = (_step(study, objectives) for _ in range(trials))
    return [params for params in points if params is not None]


def _step(study: Study, objectives: int = 1) -> Params | None:
    suggestion = study.ask()
    if suggestion is None:
        return None
    _tell(study, suggestion, "succeeded", objectives)
    return suggestion.params


def _record(study: Study, trials: int) -> tuple[list[TrialRecord], dict[str, Any]]:
    """Run some trials and return what the store would give back of them."""
    records = []
    for _ in range(trials):
        suggestion = study.ask()
        assert suggestion is not None, "ended too early"
        record = _tell(study, suggestion, "succeeded")
        records.append(msgspec.json.decode(msgspec.json.encode(record), type=TrialRecord))
    attributes: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(study.study_attributes()))
    return records, attributes


def _tell(study: Study, suggestion: Suggestion, state: TrialState, objectives: int = 1) -> TrialRecord:
    record = TrialRecord(
        number=suggestion.number, state=state, params=suggestion.params, attributes=suggestion.attributes
    )
    if state == "succeeded":
        score = zlib.crc32(repr(point_key(suggestion.params)).encode()) / 2**32
        record = msgspec.structs.replace(record, values=[score, 1 - score**2][:objectives])
    return study.tell(record)
