"""The shipped test cases fail where a contract is broken: each broken contribution is caught by the test named."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from persopt.plugins import (
    Finished,
    LogReader,
    Metric,
    NoOptions,
    PruningTraits,
    Started,
    Stopped,
    TrialMessage,
    TrialPool,
    TrialRequest,
    Unsupported,
)
from persopt.testing import (
    ContributionCase,
    MetricParserCase,
    ParserSample,
    PruningMethodCase,
    QuantizationBackendCase,
    SamplingStrategyCase,
    TrialExecutorCase,
)


class Described:
    name = "broken"
    title = {"en": "Broken", "fa": "خراب"}
    options: type[Struct] = NoOptions


def fails(test: Callable[..., object], *arguments: object) -> bool:
    try:
        test(*arguments)
    except (AssertionError, pytest.fail.Exception):
        return True
    return False


# ---------------------------------------------------------------- sampling


class Draws(Described):
    """Samples by a function of the request."""

    def __init__(self, seed_of: Callable[[Any], int]) -> None:
        self.seed_of = seed_of

    def sampler(self, options: Any, request: Any) -> Any:  # noqa: ARG002
        from optuna.samplers import RandomSampler

        return RandomSampler(seed=self.seed_of(request) % 2**32)


class RepeatsItself(Draws):
    """Says that it is finite, and gives its first point again and again."""

    def __init__(self) -> None:
        super().__init__(lambda _: 1)

    def size(self, options: Any, request: Any) -> int:  # noqa: ARG002
        return int(request.space.size or 3)


def sampling_case(strategy: Any) -> SamplingStrategyCase:
    case: SamplingStrategyCase = type("Case", (SamplingStrategyCase,), {"strategy": strategy})()
    return case


def test_a_strategy_without_memory_of_its_seed_is_caught() -> None:
    calls = itertools.count()
    case = sampling_case(Draws(lambda _: next(calls)))
    assert fails(case.test_the_same_seed_gives_the_same_points)
    assert fails(case.test_a_point_is_drawn_by_trial_seed_and_history_alone)
    assert fails(case.test_a_study_taken_up_again_goes_on_as_if_nothing_had_been)


def test_a_strategy_that_ignores_the_seed_is_caught() -> None:
    assert fails(sampling_case(Draws(lambda request: request.trial_number)).test_another_seed_gives_other_points)


def test_a_sound_strategy_passes() -> None:
    case = sampling_case(Draws(lambda request: request.trial_seed))
    case.test_draws_lie_in_the_space()
    case.test_the_same_seed_gives_the_same_points()
    case.test_another_seed_gives_other_points()


def test_a_finite_strategy_that_repeats_itself_is_caught() -> None:
    case = sampling_case(RepeatsItself())
    assert fails(case.test_a_finite_strategy_visits_each_of_its_points_once)
    assert fails(case.test_a_finite_strategy_refuses_a_continuous_space)


# ---------------------------------------------------------------- parsing


class Reader:
    def __init__(self, feed: Callable[[str], list[Any]], close: Callable[[], list[Any]]) -> None:
        self.feed, self.close = feed, close


class Parser(Described):
    def __init__(self, open_reader: Callable[[], LogReader]) -> None:
        self.open_reader = open_reader

    def open(self, options: Any) -> LogReader:  # noqa: ARG002
        return self.open_reader()


SAMPLE = ParserSample(text="loss 0.5", metrics=(Metric(name="loss", value=0.5),))


def parser_case(open_reader: Callable[[], LogReader]) -> MetricParserCase:
    case: MetricParserCase = type("Case", (MetricParserCase,), {"parser": Parser(open_reader), "samples": (SAMPLE,)})()
    return case


def read_loss(line: str) -> list[Any]:
    name, _, value = line.partition(" ")
    return [Metric(name=name, value=float(value))] if name == "loss" else []


def test_a_parser_that_misses_a_metric_is_caught() -> None:
    assert fails(parser_case(lambda: Reader(lambda _: [], list)).test_finds_what_the_samples_say)


def test_a_parser_that_finds_metrics_in_noise_is_caught() -> None:
    case = parser_case(lambda: Reader(lambda line: [Metric(name=line, value=1.0)], list))
    assert fails(case.test_finds_nothing_in_noise)


def test_a_parser_whose_readers_share_state_is_caught() -> None:
    seen: set[str] = set()

    def feed(line: str) -> list[Any]:
        is_new = line not in seen
        seen.add(line)
        return read_loss(line) if is_new else []

    assert fails(parser_case(lambda: Reader(feed, list)).test_readers_know_nothing_of_each_other)


def test_a_parser_that_raises_is_caught() -> None:
    case = parser_case(lambda: Reader(lambda line: [Metric(name="x", value=float(line))], list))
    with pytest.raises(ValueError, match="could not convert"):
        case.test_survives_any_line()


def test_a_parser_that_gives_a_value_that_is_no_number_is_caught() -> None:
    case = parser_case(lambda: Reader(lambda line: [Metric(name="x", value=line)], list))  # type: ignore[arg-type]
    assert fails(case.test_survives_any_line)


def test_a_reader_that_never_stops_telling_is_caught() -> None:
    case = parser_case(lambda: Reader(read_loss, lambda: [Metric(name="loss", value=0.5)]))
    assert fails(case.test_closing_twice_gives_nothing_more)


def test_a_sound_parser_passes() -> None:
    case = parser_case(lambda: Reader(read_loss, list))
    case.test_finds_what_the_samples_say()
    case.test_finds_nothing_in_noise()
    case.test_readers_know_nothing_of_each_other()
    case.test_closing_twice_gives_nothing_more()


# ---------------------------------------------------------------- pruning


class Method(Described):
    traits = PruningTraits()

    def __init__(self, score: Callable[[Any], Any]) -> None:
        self.score = score

    def importance(self, options: Any, parameter: Any, context: Any) -> Any:  # noqa: ARG002
        return self.score(parameter)


@pytest.mark.parametrize(
    ("score", "test"),
    [
        (lambda weights: weights.abs().flatten(), "test_scores_have_the_parameters_shape_and_are_finite"),
        (lambda weights: weights / weights, "test_scores_have_the_parameters_shape_and_are_finite"),
        (lambda weights: weights.abs() > 0, "test_scores_have_the_parameters_shape_and_are_finite"),
        (lambda weights: weights.abs_(), "test_what_it_is_given_stays_as_it_was"),
        (lambda weights: weights.float().clone().uniform_(), "test_the_same_input_gives_the_same_scores"),
        (lambda weights: weights.detach().clone().requires_grad_(), "test_scores_carry_no_gradient"),
    ],
    ids=["shape", "nan", "not real", "changes its input", "random", "gradient"],
)
def test_a_pruning_method_that_breaks_its_contract_is_caught(score: Callable[[Any], Any], test: str) -> None:
    case: PruningMethodCase = type("Case", (PruningMethodCase,), {"method": Method(score)})()
    assert fails(getattr(case, test))


def test_a_sound_pruning_method_passes() -> None:
    case: PruningMethodCase = type("Case", (PruningMethodCase,), {"method": Method(lambda weights: weights.abs())})()
    case.test_scores_have_the_parameters_shape_and_are_finite()
    case.test_what_it_is_given_stays_as_it_was()
    case.test_the_same_input_gives_the_same_scores()
    case.test_scores_carry_no_gradient()


# ---------------------------------------------------------------- quantization


class Backend(Described):
    def __init__(self, answer: Any, *, writes: bool = False) -> None:
        self.answer, self.writes = answer, writes

    def supports(self, options: Any, request: Any) -> Any:  # noqa: ARG002
        if self.writes:
            Path(request.output).mkdir(exist_ok=True)
        return self.answer


def backend_case(backend: Backend) -> QuantizationBackendCase:
    case: QuantizationBackendCase = type("Case", (QuantizationBackendCase,), {"backend": backend})()
    return case


def test_a_backend_that_answers_nothing_or_without_a_reason_is_caught(tmp_path: Path) -> None:
    for answer in (None, True, Unsupported("")):
        assert fails(backend_case(Backend(answer)).test_says_of_every_request_whether_it_can, tmp_path)
    backend_case(Backend(Unsupported("no"))).test_says_of_every_request_whether_it_can(tmp_path)


def test_a_backend_that_writes_when_asked_is_caught(tmp_path: Path) -> None:
    assert fails(backend_case(Backend(Unsupported("no"), writes=True)).test_asking_writes_nothing, tmp_path)


# ---------------------------------------------------------------- execution


class InlinePool:
    """A pool that tells a made-up story of every trial."""

    def __init__(self, story: Callable[[TrialRequest], list[TrialMessage]]) -> None:
        self.story = story
        self.messages: deque[TrialMessage] = deque()

    def submit(self, request: TrialRequest) -> None:
        self.messages += self.story(request)

    def receive(self, timeout: float | None) -> TrialMessage | None:  # noqa: ARG002
        return self.messages.popleft() if self.messages else None

    def stop(self, number: int, *, keep_checkpoint: bool) -> None:  # noqa: ARG002
        self.messages.append(Stopped(number=number, metrics={"loss": 1.0}, seconds=0.0))


class Executor(Described):
    def __init__(self, story: Callable[[TrialRequest], list[TrialMessage]]) -> None:
        self.story = story

    @contextmanager
    def open(self, options: Any, request: Any) -> Iterator[TrialPool]:  # noqa: ARG002
        yield InlinePool(self.story)


def finish(request: TrialRequest) -> Finished:
    return Finished(number=request.number, metrics={"score": 3.0}, seconds=0.0)


@pytest.mark.parametrize(
    "story",
    [
        lambda _: [],
        lambda request: [finish(request)],
        lambda request: [Started(number=request.number), finish(request), finish(request)],
        lambda request: [Started(number=request.number), finish(request)],
    ],
    ids=["silent", "no start", "two ends", "no reports"],
)
def test_an_executor_that_tells_another_story_is_caught(
    tmp_path: Path, story: Callable[[TrialRequest], list[TrialMessage]]
) -> None:
    case: TrialExecutorCase = type("Case", (TrialExecutorCase,), {"executor": Executor(story)})()
    assert fails(case.test_a_trial_starts_reports_and_finishes, tmp_path)


def test_an_executor_that_stops_again_what_has_ended_is_caught(tmp_path: Path) -> None:
    case: TrialExecutorCase = type(
        "Case", (TrialExecutorCase,), {"executor": Executor(lambda request: [finish(request)])}
    )()
    assert fails(case.test_stopping_what_has_ended_does_nothing, tmp_path)


# ---------------------------------------------------------------- any contribution


class Undescribed(Struct, frozen=True):
    lock: int = 0


class Unstable(Described):
    """Options that are not described; everything that a strategy needs is missing."""

    options = Undescribed


def test_what_every_contribution_must_be_is_looked_at() -> None:
    case: ContributionCase = type("Case", (SamplingStrategyCase,), {"strategy": Unstable()})()
    assert fails(case.test_keeps_its_contract)
    assert fails(case.test_every_option_is_described)
    assert fails(case.test_is_offered_by_its_module)


def test_a_module_that_imports_something_heavy_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "persopt_heavy.py").write_text("import optuna\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    case: ContributionCase = type(
        "Case", (SamplingStrategyCase,), {"strategy": Described(), "module": "persopt_heavy"}
    )()
    assert fails(case.test_its_module_imports_nothing_heavy)
