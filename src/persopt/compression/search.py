"""The search: quantization alone first, then cut models, a few of each handful trained, until nothing is left to do.

Of a handful of recipes each is cut, quantized, timed and judged on a slice without training, which costs seconds.
Size and time are then known for good: training changes neither. So a recipe beyond a limit, or no better than the
best one so far, is passed over; of the others the most promising are trained (as many as a third of the handful, as in
successive halving) and judged on all validation rows; the rest waits for the next handful, or the end. The sampler is
told of every one.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final, Literal

import msgspec

from persopt.compression.budget import Budget
from persopt.compression.candidate_builder import CandidateBuilder
from persopt.compression.recovery import expect_drop
from persopt.compression.select import DROP_LIMIT, choose, list_constraints, list_objectives, mark
from persopt.compression.space import NO_QUANTIZATION, SearchSpace
from persopt.domain.compress_reports import CandidateReport
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import InputError, JobCancelledError, PersoptError
from persopt.domain.objectives import total_violation
from persopt.domain.recipes import CutStep, Recipe
from persopt.domain.space import Params
from persopt.domain.trials import TrialRecord
from persopt.plugins.guard import plugin_guard
from persopt.plugins.options import decode_options
from persopt.plugins.registry import Registry
from persopt.tuning.enqueuing import EnqueuedPoint
from persopt.tuning.study import Study, StudyRequest, Suggestion

__all__ = ("Search", "SearchEvents")

_HANDFUL: Final = 6
_SHARE: Final = 3
_FAR: Final = 2.0
_FAILURES: Final = (ArithmeticError, LookupError, OSError, PersoptError, RuntimeError, TypeError, ValueError)


class SearchEvents(msgspec.Struct, frozen=True, kw_only=True):
    """What is called as the search goes on.

    Attributes:
        begun: With the number of a candidate and its point.
        ended: With a candidate, its point and its time, and the best one so far.
        say: With what is done, in words.
    """

    begun: Callable[[int, Params], None]
    ended: Callable[[CandidateReport, TrialRecord, CandidateReport | None], None]
    say: Callable[[str], None]


class Search:
    """One search.

    Args:
        spec: Resolved.
        registry: Knows the strategy.
        space: Points and recipes.
        builder: Makes and measures them.
        original: What is minimized, of the original.
        budget: The time.
        events: Called as it goes on.
        is_cancelled: Whether somebody wants it to end, which is no matter of the budget.

    Attributes:
        candidates: All that were looked at, by number.
        ended_by: Why it ended.
    """

    def __init__(
        self,
        spec: CompressSpec,
        registry: Registry,
        space: SearchSpace,
        builder: CandidateBuilder,
        original: float,
        budget: Budget,
        events: SearchEvents,
        is_cancelled: Callable[[], bool],
    ) -> None:
        self._spec = spec
        self._registry = registry
        self._points = space
        self._builder = builder
        self._original = original
        self._constraints = list_constraints(spec, original)
        self._sure = [one for one in self._constraints if one.metric != DROP_LIMIT]
        self._budget = budget
        self._events = events
        self._is_cancelled = is_cancelled
        self._known: dict[bytes, int] = {}
        self._params: dict[int, Params] = {}
        self._begun: dict[int, float] = {}
        self._recovered: list[tuple[float, float]] = []
        self._pool: list[int] = []
        self._epoch_seconds = 0.0
        self.candidates: list[CandidateReport] = []
        self.ended_by: Literal["candidates", "exhausted", "budget"] = "candidates"

    @property
    def best(self) -> CandidateReport | None:
        """The best candidate so far: within the limits, or nearest to them."""
        return choose(self.candidates, self._spec, self._constraints)

    def run(self) -> list[CandidateReport]:
        """Search until the candidates, the recipes or the time are used up; return all candidates.

        Raises:
            JobCancelledError: if it is cancelled.
            InputError: if no candidate could be judged: with the reasons.
        """
        first = self._points.quantizations()[: self._spec.max_candidates]
        for number, params in enumerate(first):
            if self._over():
                break
            self._take(number, params)
            self._settle([number])
        if not self._over():
            self._sample(first)
        if self.ended_by == "budget":
            for number in self._pool:
                self._end(number)
        else:
            self._train(self._pool, math.inf)
        self._judge_nearest()
        if not any(one.state == "judged" for one in self.candidates):
            reasons = "; ".join(dict.fromkeys(f"{one.summary}: {one.reason}" for one in self.candidates if one.reason))
            raise InputError(
                f"no recipe could be judged: {reasons or 'there was no time for any'}", path="$.techniques"
            )
        return mark(self.candidates, self._spec, self._constraints)

    def _judge_nearest(self) -> None:
        """Where all are beyond limits that training does not change, judge the one that is least beyond."""
        if any(one.state == "judged" for one in self.candidates):
            return
        known = [one for one in self.candidates if one.state == "passed-over" and one.metrics]
        if known:
            nearest = min(known, key=lambda one: (total_violation(self._sure, one.metrics), one.number))
            self._finish(nearest.number)
            self._end(nearest.number)

    def _sample(self, first: Sequence[Params]) -> None:
        study = self._open_study(first)
        for number in range(len(first)):
            study.ask()
            self._tell(study, number)
        while not self._over():
            handful: list[Suggestion] = []
            while len(handful) < _HANDFUL and (asked := study.ask()) is not None:
                handful.append(asked)
            if not handful:
                self.ended_by = "exhausted" if study.ended_by == "exhausted" else "candidates"
                return
            for one in handful:
                self._take(one.number, one.params)
            self._settle([one.number for one in handful])
            for one in handful:
                self._tell(study, one.number)

    def _open_study(self, first: Sequence[Params]) -> Study:
        spec = self._spec
        strategy = self._registry.sampling_strategy(spec.strategy, "$.strategy")
        points = [*first, *self._points.cuts(self._best_quantization())]
        request = StudyRequest(
            strategy=strategy,
            options=decode_options(strategy, spec.strategy_options, "$.strategyOptions"),
            space=self._points.build(),
            objectives=list_objectives(spec),
            seed=spec.seed,
            max_trials=spec.max_candidates,
            parallel=_HANDFUL,
            constraints=self._constraints,
            enqueued=tuple(EnqueuedPoint(point, "seed") for point in points),
        )
        return Study(request, guard=partial(plugin_guard, self._registry, strategy))

    def _best_quantization(self) -> str:
        best = self.best
        return NO_QUANTIZATION if best is None else str(self._params[best.number]["quantization"])

    def _take(self, number: int, params: Params) -> None:
        """Look at a recipe, cheaply."""
        self._params[number], self._begun[number] = params, time.monotonic()
        self._events.begun(number, params)
        recipe = self._points.read(params)
        candidate = CandidateReport(number=number, recipe=recipe, summary=str(recipe), state="passed-over")
        key = msgspec.json.encode(recipe)
        if key in self._known:
            same = self.candidates[self._known[key]]
            self.candidates.append(
                msgspec.structs.replace(same, number=number, state="repeated", reason=f"the same as {same.number}")
            )
            return
        self._known[key] = number
        if recipe == Recipe():
            self.candidates.append(msgspec.structs.replace(candidate, reason="nothing is done to the model"))
            return
        self.candidates.append(candidate)
        self._events.say(f"candidate {number + 1}: {candidate.summary}")
        with self._attempt(number):
            self.candidates[number] = self._builder.look_at(candidate)

    def _settle(self, numbers: Sequence[int]) -> None:
        """Train and judge the most promising of a handful and of those that wait; then the handful has ended."""
        cuts = sum(1 for number in numbers if self.candidates[number].recipe.cut is not None)
        self._train([*self._pool, *numbers], math.ceil(cuts / _SHARE))
        for number in numbers:
            self._budget.save(number + 1)
            if number not in self._pool:
                self._end(number)

    def _train(self, numbers: Sequence[int], quota: float) -> None:
        """Finish candidates, the most promising first; those beyond the quota wait for the next handful."""
        waiting = [number for number in numbers if self.candidates[number].state == "passed-over"]
        waiting = [number for number in waiting if self.candidates[number].metrics]
        earlier, self._pool = set(self._pool), []
        while waiting:
            waiting.sort(key=self._promise)
            number = waiting.pop(0)
            candidate = self.candidates[number]
            reason = self._reject(candidate)
            trains = candidate.recipe.train is not None
            if not reason and trains and quota <= 0:
                reason = "others promise more"
                self._pool.append(number)
            if not reason and self._is_too_long(candidate):
                reason = "its training would not end in time"
            if reason:
                self.candidates[number] = msgspec.structs.replace(candidate, reason=reason)
            else:
                quota -= trains
                self._finish(number)
            if number in earlier and number not in self._pool:
                self._end(number)

    def _finish(self, number: int) -> None:
        candidate = self.candidates[number]
        self._events.say(f"candidate {number + 1}, in earnest: {candidate.summary}")
        with self._attempt(number):
            done = self._builder.finish(candidate)
            self.candidates[number] = done
            if done.recipe.train is not None and candidate.one_shot_drop is not None:
                trained = next(one for one in done.stages if one.name == "train")
                self._epoch_seconds = max(self._epoch_seconds, trained.seconds / done.recipe.train.epochs)
                if candidate.one_shot_drop > 0:
                    self._recovered.append((candidate.one_shot_drop, done.metrics["drop"]))

    def _reject(self, candidate: CandidateReport) -> str:
        """Say why a candidate is not worth more time; empty if it is."""
        metrics, spec = candidate.metrics, self._spec
        judged = [one for one in self.candidates if one.state == "judged"]
        better = [one for one in mark(judged, spec, self._constraints) if one.within]
        if candidate.recipe.train is None:
            lost = candidate.metrics["drop"]
            beaten = any(
                one.metrics[spec.minimize] <= metrics[spec.minimize] and one.metrics["drop"] <= lost for one in judged
            )
            far = lost > _FAR * spec.max_accuracy_drop + 1 and bool(judged)
            return "it is worse in everything than another, on a slice" if beaten and far else ""
        over = [one.metric for one in self._sure if total_violation([one], metrics)]
        if over:
            return f"it is beyond the limit of {over[0]}, which training does not change"
        if any(one.metrics[spec.minimize] <= metrics[spec.minimize] for one in better):
            return f"another within the limits has less {spec.minimize} already"
        milder = [
            one
            for one in judged
            if one.metrics["drop"] > _FAR * spec.max_accuracy_drop + 1 and _is_harsher(candidate.recipe, one.recipe)
        ]
        return f"candidate {milder[0].number} cuts less and lost too much already" if milder else ""

    def _promise(self, number: int) -> tuple[bool, float, float, int]:
        """Return what sorts candidates, the most promising first.

        Those come first that are expected within the limit after training, the one with the least of what is minimized
        at the head; then those that are expected to lose least.
        """
        candidate = self.candidates[number]
        lost, value = candidate.one_shot_drop or 0.0, candidate.metrics[self._spec.minimize]
        if candidate.recipe.train is None:
            return (False, -1.0, value, number)
        expected = expect_drop(lost, self._recovered)
        too_much = expected > self._spec.max_accuracy_drop
        return (too_much, expected if too_much else value, value, number)

    def _is_too_long(self, candidate: CandidateReport) -> bool:
        """Return whether training is expected to take more time than there is, by the slowest epoch so far.

        What was trained before takes none: a search that is taken up again when its time is over has what it had.
        """
        train = candidate.recipe.train
        if train is None or self._epoch_seconds * train.epochs <= self._budget.left:
            return False
        return not self._builder.has_trained(candidate.recipe)

    @contextlib.contextmanager
    def _attempt(self, number: int) -> Iterator[None]:
        """Note of a candidate why it failed, or that time was over; a cancelled search ends."""
        candidate = self.candidates[number]
        try:
            yield
        except JobCancelledError:
            if self._is_cancelled():
                raise
            self.candidates[number] = msgspec.structs.replace(candidate, state="stopped", reason="the time was over")
        except _FAILURES as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            self.candidates[number] = msgspec.structs.replace(candidate, state="failed", reason=reason)

    def _end(self, number: int) -> None:
        candidate = self.candidates[number]
        record = self._record(number, seconds=time.monotonic() - self._begun[number])
        self._events.ended(candidate, record, self.best)

    def _record(self, number: int, **more: Any) -> TrialRecord:
        candidate = self.candidates[number]
        objectives = list_objectives(self._spec)
        is_known = all(objective.metric in candidate.metrics for objective in objectives)
        values = [candidate.metrics[objective.metric] for objective in objectives] if is_known else []
        return TrialRecord(
            number=number,
            state="succeeded" if values else "failed",
            params=self._params[number],
            values=values,
            metrics=dict(candidate.metrics),
            **more,
        )

    def _tell(self, study: Study, number: int) -> None:
        study.tell(self._record(number))

    def _over(self) -> bool:
        if self._is_cancelled():
            raise JobCancelledError("the job was cancelled")
        if self._budget.is_over() and len(self.candidates) >= self._budget.known:
            self.ended_by = "budget"
            return True
        return False


def _is_harsher(one: Recipe, other: Recipe) -> bool:
    """Return whether a recipe cuts at least as much as another everywhere, and trains no longer."""
    if one.cut is None or other.cut is None or one.train is None or other.train is None:
        return False
    more = [a >= b for a, b in zip(_shares(one.cut), _shares(other.cut), strict=True)]
    return all(more) and one.train.epochs <= other.train.epochs


def _shares(cut: CutStep) -> tuple[float, float, float, float]:
    """Return how much is cut of each kind."""
    return (cut.layers_cut, cut.ratios.heads, cut.ratios.feed_forward, cut.ratios.hidden)
