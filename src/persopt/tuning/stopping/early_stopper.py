"""What the controller asks: should this trial end early?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from persopt.domain.early_stopping import EarlyStopping
from persopt.domain.errors import Fault
from persopt.domain.objectives import Objective
from persopt.domain.trials import Report, TrialRecord
from persopt.tuning.stopping.halving import SuccessiveHalving
from persopt.tuning.stopping.hyperband import Hyperband
from persopt.tuning.stopping.median import MedianRule
from persopt.tuning.stopping.rule import Evaluation, StoppingRule

__all__ = ("STOPPING_ATTRIBUTE", "EarlyStopper", "make_rule")

STOPPING_ATTRIBUTE: Final = "persopt:stopping"


def make_rule(
    options: EarlyStopping, objectives: Sequence[Objective], *, seed: int = 0, evaluations: int | None = None
) -> StoppingRule | None:
    """Return the rule that the options name, or None for none.

    Args:
        options: Resolved or not; by default steps are counted.
        objectives: What is searched for.
        seed: The study's seed.
        evaluations: Evaluations of a whole training; None for a function.
    """
    unit = options.resource or "step"
    if options.method == "median":
        return MedianRule(
            objectives,
            unit,
            startup_trials=options.startup_trials,
            warmup_steps=options.warmup_steps,
            interval_steps=options.interval_steps,
        )
    if options.method == "asha":
        return SuccessiveHalving(
            objectives,
            unit,
            min_resource=options.min_resource,
            reduction_factor=options.reduction_factor,
            min_early_stopping_rate=options.min_early_stopping_rate,
        )
    if options.method == "hyperband":
        longest = evaluations if unit == "evaluation" and options.max_resource is None else options.max_resource
        return Hyperband(
            objectives,
            unit,
            seed=seed,
            min_resource=options.min_resource,
            max_resource=longest,
            reduction_factor=options.reduction_factor,
        )
    return None


class EarlyStopper:
    """Turns reports into evaluations of a rule, and keeps with each trial what a resume must know.

    Evaluations are counted by the share of the training at which they lie (the second of four is at one half), so
    that trials of other batch sizes and epochs are compared at like places of their own schedules, the learning
    rate's included.

    Args:
        rule: The rule, or None: no trial is stopped.
        objectives: What is searched for.
        unit: What the rule counts.
        evaluations: Evaluations of a whole training; None counts them one by one.
    """

    def __init__(
        self,
        rule: StoppingRule | None,
        objectives: Sequence[Objective],
        *,
        unit: str = "step",
        evaluations: int | None = None,
    ) -> None:
        self._rule = rule
        self._metrics = [objective.metric for objective in objectives]
        self._unit = unit
        self._evaluations = evaluations
        self._counts: dict[int, int] = {}
        self._last: dict[int, int] = {}

    def restore(self, trials: Iterable[TrialRecord], curve: Callable[[int], Sequence[Report]]) -> None:
        """Take the trials that ended in earlier runs of the study, in the order in which they ended."""
        if self._rule is None:
            return
        ended = [trial for trial in trials if trial.state in ("succeeded", "stopped", "failed")]
        for trial in sorted(ended, key=lambda trial: (trial.finished_at is None, trial.finished_at, trial.number)):
            given = [self._evaluation(report) for report in curve(trial.number)]
            evaluations = [evaluation for evaluation in given if evaluation is not None]
            state = trial.attributes.get(STOPPING_ATTRIBUTE)
            self._rule.restore(trial.number, evaluations, state, completed=trial.state == "succeeded")

    def begin(self, number: int) -> None:
        """An attempt begins; what an earlier one reported no longer counts."""
        self._counts.pop(number, None)
        self._last.pop(number, None)
        if self._rule is not None:
            self._rule.forget(number)

    def judge(self, report: Report) -> Fault | None:
        """Take a report; return why its trial should end, or None if it should go on.

        A report without any objective, or not further than the one before, counts for nothing. A trial that has
        come to its end is not stopped any more.
        """
        evaluation = None if self._rule is None else self._evaluation(report)
        if self._rule is None or evaluation is None:
            return None
        reason = self._rule.judge(report.number, evaluation)
        if reason is None or (report.share is not None and report.share >= 1):
            return None
        return Fault(message=reason, path="$.earlyStopping", code="early-stopping")

    def end(self, record: TrialRecord) -> TrialRecord:
        """Take the end of a trial; return its record with what a resume must know."""
        if self._rule is None:
            return record
        state = self._rule.state(record.number)
        self._rule.end(record.number, completed=record.state == "succeeded")
        attributes = {name: value for name, value in record.attributes.items() if name != STOPPING_ATTRIBUTE}
        if state:
            attributes[STOPPING_ATTRIBUTE] = state
        return msgspec.structs.replace(record, attributes=attributes)

    def _evaluation(self, report: Report) -> Evaluation | None:
        metrics = {name: report.metrics[name] for name in self._metrics if name in report.metrics}
        if not metrics:
            return None
        resource = self._resource(report)
        if resource <= self._last.get(report.number, -1):
            return None
        self._last[report.number] = resource
        return Evaluation(resource, metrics)

    def _resource(self, report: Report) -> int:
        if self._unit == "step":
            return report.step
        if self._evaluations is not None and report.share is not None:
            return max(1, round(report.share * self._evaluations))
        self._counts[report.number] = self._counts.get(report.number, 0) + 1
        return self._counts[report.number]
