"""The search space as a cube: each parameter's values laid out on [0, 1], evenly on the parameter's scale."""

from __future__ import annotations

import math

from persopt.domain.space import CategoricalParameter, Scalar
from persopt.tuning.distributions import ParameterCode

__all__ = ("count_places", "from_share", "to_share")


def count_places(code: ParameterCode) -> int | None:
    """Return how many places a sampler can choose from, or None if every real number is one."""
    if code.kind == "float":
        return 1 if code.parameter.values is not None else None
    if code.kind == "index":
        return len(code.values)
    parameter = code.parameter
    if isinstance(parameter, CategoricalParameter):
        return len(parameter.choices)
    return int(parameter.high) - int(parameter.low) + 1


def from_share(code: ParameterCode, share: float) -> Scalar:
    """Return what a sampler answers for a place of [0, 1]; each answer has the same share of it, or on its scale."""
    parameter = code.parameter
    places = count_places(code)
    if isinstance(parameter, CategoricalParameter):
        place = min(int(share * (places or 1)), (places or 1) - 1)
        return place if code.kind == "index" else parameter.choices[place]
    if code.kind == "index":
        return min(int(share * (places or 1)), (places or 1) - 1)
    low, high = _ends(code)
    value = math.exp(low + share * (high - low)) if parameter.log else low + share * (high - low)
    if code.kind == "int":
        value = round(value) if parameter.log else math.floor(value + 0.5)
        return min(max(int(value), int(parameter.low)), int(parameter.high))
    return min(max(value, float(parameter.low)), float(parameter.high))


def to_share(code: ParameterCode, answer: Scalar) -> float:
    """Return the place of [0, 1] for a sampler's answer, the middle of those that `from_share` maps to it."""
    parameter = code.parameter
    if isinstance(parameter, CategoricalParameter):
        place = int(answer) if code.kind == "index" else parameter.choices.index(answer)
        return (place + 0.5) / len(parameter.choices)
    if code.kind == "index":
        return (int(answer) + 0.5) / len(code.values)
    low, high = _ends(code)
    value = math.log(float(answer)) if parameter.log else float(answer)
    return 0.5 if high == low else (value - low) / (high - low)


def _ends(code: ParameterCode) -> tuple[float, float]:
    """Return the ends on the parameter's scale; a whole number takes half a step on either side."""
    parameter = code.parameter
    assert not isinstance(parameter, CategoricalParameter)  # has no ends
    margin = 0.5 if code.kind == "int" else 0.0
    low, high = parameter.low - margin, parameter.high + margin
    return (math.log(low), math.log(high)) if parameter.log else (low, high)
