"""Whether a training that ran out of memory shows that no point of the space can work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from persopt.domain.errors import Fault
from persopt.domain.space import CategoricalParameter, Parameter, Params, Scalar, Space
from persopt.domain.trials import TrialRecord

__all__ = ("MemoryFloor", "memory_floor_fault")

_MORE_NEEDS_MORE: Final = ("batchSize", "maxLength")
_EVALUATION_FIELD: Final = "$.training.evaluationBatchSize"
_WITHOUT_EFFECT: Final = frozenset(
    {
        "adamBeta1",
        "adamBeta2",
        "adamEpsilon",
        "attentionDropout",
        "classifierDropout",
        "dropout",
        "epochs",
        "gradientAccumulationSteps",
        "labelSmoothingFactor",
        "learningRate",
        "loraAlpha",
        "loraDropout",
        "lrSchedulerType",
        "maxGradNorm",
        "neftuneNoiseAlpha",
        "warmupSteps",
        "weightDecay",
    }
)
"""Hyperparameters that change how a training goes, but not how much memory it needs at its peak, or hardly."""


class MemoryFloor:
    """Notices that no point of a space fits into the memory.

    Trials that run at the same time may take the memory from each other, so the most modest point's failure is
    final only once those that ran beside it have ended without a value too.

    Args:
        space: The space of a training; None for a function, of whose parameters nothing is known.
    """

    def __init__(self, space: Space | None) -> None:
        self._space = space
        self._fault: Fault | None = None
        self._beside: set[int] = set()

    def add(self, record: TrialRecord, running: Iterable[int], *, has_value: bool) -> Fault | None:
        """Take a trial that has ended; return the study's fault if it is certain.

        Args:
            record: The trial.
            running: Numbers of the trials that still run.
            has_value: Whether any trial of the study gave a value: then there are points that work.
        """
        if has_value or self._space is None:
            return None
        self._beside.discard(record.number)
        if self._fault is None and record.state == "failed" and record.fault is not None:
            self._fault = memory_floor_fault(self._space, record.params, record.fault)
            self._beside = set(running)
        return None if self._beside else self._fault


def memory_floor_fault(space: Space, params: Params, fault: Fault) -> Fault | None:
    """Return the study's fault if an out-of-memory trial was the most modest one that the space has, else None.

    It was if its batch size and its longest text are the smallest of the space and everything else that may
    need memory (the optimizer, bf16, ...) is the same in all points. Then every other point needs at least as
    much, so it is certain, and not only likely, that none can work.

    Args:
        space: The space of the study.
        params: The trial's point.
        fault: Why it failed.
    """
    if fault.code != "out-of-memory":
        return None
    # An evaluation has its own batch size, the same in every trial.
    ignored = _WITHOUT_EFFECT | {"batchSize"} if fault.path == _EVALUATION_FIELD else _WITHOUT_EFFECT
    if not all(item.name in ignored or _is_smallest(item, params) for item in space.parameters):
        return None
    shown = ", ".join(f"{name} {params[name]}" for name in _MORE_NEEDS_MORE if name in params and name not in ignored)
    reason = f"with the smallest {shown} of the space" if shown else "and the space has nothing smaller"
    return msgspec.structs.replace(fault, message=f"no point can work: {fault.message}, {reason}")


def _is_smallest(parameter: Parameter, params: Mapping[str, Scalar]) -> bool:
    lowest, is_single = _lowest(parameter)
    if is_single:
        return True
    return parameter.name in _MORE_NEEDS_MORE and not parameter.when and params.get(parameter.name) == lowest


def _lowest(parameter: Parameter) -> tuple[Scalar, bool]:
    """Return the smallest value of a parameter, and whether it is the only one and always there."""
    if isinstance(parameter, CategoricalParameter):
        numbers = [item for item in parameter.choices if isinstance(item, int | float)]
        single = len(parameter.choices) == 1 and not parameter.when
        return (min(numbers) if numbers else parameter.choices[0]), single
    return parameter.low, parameter.low == parameter.high and not parameter.when
