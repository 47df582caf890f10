"""What became of a trial: from a pool's last message to the record."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from persopt.domain.errors import Fault, PersoptError
from persopt.domain.objectives import Constraint, Objective
from persopt.domain.trials import TrialRecord
from persopt.domain.validation import suggest
from persopt.plugins.contracts.execution import Failed, Finished, Stopped
from persopt.tuning.defaults import SECONDS
from persopt.tuning.study import STEP_ATTRIBUTE

__all__ = ("FATAL_CODES", "LiveTrial", "finite_metrics", "judge_trial", "no_value_error")

FATAL_CODES: Final = frozenset({"bad-data", "bad-model", "no-device", "plugin"})
"""Faults that every other trial of the study would meet too."""


class LiveTrial(Struct, kw_only=True):
    """A running trial, as the controller sees it.

    Attributes:
        record: Its record, in state running.
        started: When a worker began this attempt, by the controller's clock, in seconds; infinite before.
        metrics: The last value reported of each metric.
        step: The last step reported.
        share: How much of it is done, 0 to 1.
        stop_fault: Why it was asked to stop, if it was.
        stop_deadline: When it must have ended, once it was asked.
        stop_grace: How many seconds it was given.
    """

    record: TrialRecord
    started: float = math.inf
    metrics: dict[str, float] = {}
    step: int = 0
    share: float = 0.0
    stop_fault: Fault | None = None
    stop_deadline: float = math.inf
    stop_grace: float = 0.0


def finite_metrics(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return the metrics that are numbers: neither JSON nor a plot has a place for NaN and infinity."""
    return {name: value for name, value in metrics.items() if math.isfinite(value)}


def judge_trial(
    trial: LiveTrial,
    message: Finished | Stopped | Failed,
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint] = (),
) -> TrialRecord:
    """Return the record of a trial that has ended, without its times and checkpoint.

    A trial succeeds when each objective and each metric with a limit has a finite value, in its last metrics or
    else reported before. `seconds` is the trial's time where the trial does not say it itself. One that was asked
    to stop and then died is stopped, with what it had reported.
    """
    record = msgspec.structs.replace(
        trial.record,
        seconds=message.seconds,
        attributes={**trial.record.attributes, STEP_ATTRIBUTE: trial.step},
    )
    if isinstance(message, Failed):
        if trial.stop_fault is not None and message.fault.passing:
            return _stopped(record, trial, trial.metrics, objectives)
        return _failed(record, message.fault, trial.metrics)
    wanted = {
        **{item.metric: "constraint" for item in constraints},
        **{item.metric: "objective" for item in objectives},
    }
    given = dict(message.metrics)
    if SECONDS in wanted and SECONDS not in trial.metrics:
        given.setdefault(SECONDS, message.seconds)
    reported = {name: trial.metrics[name] for name in wanted if name in trial.metrics}
    metrics = {**reported, **given}
    if isinstance(message, Stopped):
        return _stopped(record, trial, {**trial.metrics, **given}, objectives)
    fault = _objective_fault(metrics, trial.metrics, wanted)
    if fault is not None:
        return _failed(record, fault, metrics)
    values = [metrics[objective.metric] for objective in objectives]
    return msgspec.structs.replace(record, state="succeeded", values=values, metrics=finite_metrics(metrics))


def no_value_error(trials: Sequence[TrialRecord]) -> PersoptError:
    """Return the error of a study in which no trial gave a value; it carries the commonest fault."""
    faults = [trial.fault for trial in trials if trial.fault is not None]
    if not faults:
        return PersoptError(Fault(message="the time limit ended the study before any trial", code="time-limit"))
    code, times = Counter(fault.code for fault in faults).most_common(1)[0]
    example = next(fault for fault in faults if fault.code == code)
    if len(trials) == 1:
        message = f"the only trial gave no value: {example.message}"
    else:
        message = f"none of {len(trials)} trials gave a value; {times} of them for this reason: {example.message}"
    return PersoptError(msgspec.structs.replace(example, message=message))


def _stopped(
    record: TrialRecord, trial: LiveTrial, metrics: Mapping[str, float], objectives: Sequence[Objective]
) -> TrialRecord:
    kept = finite_metrics(metrics)
    names = [objective.metric for objective in objectives]
    return msgspec.structs.replace(
        record,
        state="stopped",
        values=[kept[name] for name in names] if all(name in kept for name in names) else [],
        metrics=kept,
        fault=trial.stop_fault or Fault(message="the executor stopped it", code="stopped"),
    )


def _failed(record: TrialRecord, fault: Fault, metrics: Mapping[str, float]) -> TrialRecord:
    return msgspec.structs.replace(record, state="failed", fault=fault, metrics=finite_metrics(metrics))


def _objective_fault(
    metrics: Mapping[str, float], reported: Mapping[str, float], wanted: Mapping[str, str]
) -> Fault | None:
    for name, role in wanted.items():
        if name not in metrics:
            seen = sorted({*metrics, *reported})
            return Fault(
                message=f"the {role} {name!r} was not reported; metrics seen: {', '.join(seen) or 'none'}"
                f"{suggest(name, seen)}",
                code="no-metric",
                hint=f"report it, or choose one of the metrics seen as the {role}",
            )
        if not math.isfinite(metrics[name]):
            return Fault(
                message=f"the {role} {name!r} came out as {metrics[name]}, which is not a number to compare",
                code="nan-objective",
                hint="a lower learning rate often helps",
            )
    return None
