"""persopt's records as Optuna's trials, for Optuna's own tools: importances, and files that its users open.

The study of a running search (`persopt.tuning.study`) codes grids as indices, for the samplers' sake. Here every
value stands as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from persopt.domain.space import CategoricalParameter, IntParameter, Parameter, Scalar, Space
from persopt.domain.trials import TrialRecord

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial, TrialState

__all__ = ("PlainSpace", "freeze_trial", "trial_state")


def trial_state(state: str) -> TrialState:
    """Return Optuna's word for a trial's state; a cancelled one is failed, since it gave nothing."""
    from optuna.trial import TrialState

    states = {
        "succeeded": TrialState.COMPLETE,
        "stopped": TrialState.PRUNED,
        "failed": TrialState.FAIL,
        "cancelled": TrialState.FAIL,
    }
    return states.get(state, TrialState.RUNNING)


class PlainSpace:
    """A space as Optuna describes it, with the values themselves.

    A grid's numbers are given the range that they lie in. Choices that Optuna could not tell apart (true and 1)
    are given as JSON text.
    """

    def __init__(self, space: Space) -> None:
        self._parameters = {parameter.name: parameter for parameter in space.parameters}
        self.distributions = {name: _distribution(item) for name, item in self._parameters.items()}

    def encode(self, params: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Return a point as Optuna takes it, in the order of the space."""
        return {name: _encode(item, params[name]) for name, item in self._parameters.items() if name in params}


def freeze_trial(
    record: TrialRecord,
    space: PlainSpace,
    *,
    values: Iterable[float] | None,
    intermediate: Mapping[int, float] | None = None,
    user_attributes: Mapping[str, Any] | None = None,
    system_attributes: Mapping[str, Any] | None = None,
) -> FrozenTrial:
    """Return a record as Optuna's trial, with its times in this machine's zone as Optuna keeps them.

    Args:
        record: The trial.
        space: The space that it is a point of.
        values: Values of the study's objectives; None if it has none.
        intermediate: Values on the way by step.
        user_attributes: What is shown with the trial.
        system_attributes: What a sampler kept with it.
    """
    from optuna.trial import FrozenTrial

    params = space.encode(record.params)
    state = trial_state(record.state)
    started = _local(record.started_at)
    finished = _local(record.finished_at)
    if state.is_finished():  # Optuna wants both of a trial that has ended
        finished = finished or started or datetime.fromtimestamp(0)
    return FrozenTrial(
        number=record.number,
        trial_id=record.number,
        state=state,
        value=None,
        values=None if values is None else list(values),
        datetime_start=started or finished or datetime.fromtimestamp(0),
        datetime_complete=finished if state.is_finished() else None,
        params=params,
        distributions={name: space.distributions[name] for name in params},
        user_attrs=dict(user_attributes or {}),
        system_attrs=dict(system_attributes or {}),
        intermediate_values=dict(intermediate or {}),
    )


def _local(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone().replace(tzinfo=None)


def _distribution(parameter: Parameter) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(parameter, CategoricalParameter):
        return CategoricalDistribution([_encode(parameter, choice) for choice in parameter.choices])
    if isinstance(parameter, IntParameter):
        return IntDistribution(parameter.low, parameter.high, log=parameter.log)
    return FloatDistribution(parameter.low, parameter.high, log=parameter.log)


def _encode(parameter: Parameter, value: Scalar) -> Scalar:
    if isinstance(parameter, CategoricalParameter):
        if len(set(parameter.choices)) < len(parameter.choices):
            return msgspec.json.encode(value).decode()
        return _find_choice(parameter.choices, value)
    return int(value) if isinstance(parameter, IntParameter) else float(value)


def _find_choice(choices: tuple[Scalar, ...], value: Scalar) -> Scalar:
    """Return the choice that a value stands for after a way through JSON or a database."""
    for choice in choices:
        if choice == value or (
            not isinstance(choice, str | bool)
            and not isinstance(value, str | bool)
            and math.isclose(choice, value, rel_tol=1e-9)
        ):
            return choice
    raise ValueError(f"{value!r} is none of {list(choices)!r}")
