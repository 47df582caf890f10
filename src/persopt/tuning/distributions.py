"""How a parameter is asked for on the sampler's side, and what its answer means.

Samplers know ranges of real and whole numbers and lists of choices. A parameter with grid points is given to
them as a whole number, the index into `parameter.values`, because points on a log scale are not evenly spaced
and steps of real numbers miss the upper end by rounding. Records hold the values themselves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from persopt.domain.space import (
    CategoricalParameter,
    FloatParameter,
    Parameter,
    Params,
    Scalar,
    Space,
)

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

__all__ = ("ParameterCode", "code_space", "make_distribution", "normalize_params")


class ParameterCode(Struct, frozen=True):
    """One parameter as samplers see it.

    Attributes:
        parameter: The parameter.
        kind: What a sampler is asked for: a real number or a whole number within the parameter's ends, one of
            the parameter's choices, or an index into `values`.
        values: What an index stands for; empty for the other kinds.
    """

    parameter: Parameter
    kind: Literal["float", "int", "choice", "index"]
    values: tuple[Scalar, ...] = ()

    @property
    def name(self) -> str:
        """Name of the parameter."""
        return self.parameter.name

    def to_sampler(self, value: Scalar) -> Scalar:
        """Return what a sampler would have answered for a value of a record.

        Raises:
            ValueError: if the parameter has no such value.
        """
        if self.kind == "index":
            return _find(self.values, value)
        return self.normalize(value)

    def from_sampler(self, given: Scalar) -> Scalar:
        """Return the value that a sampler's answer stands for."""
        return self.values[int(given)] if self.kind == "index" else self.normalize(given)

    def normalize(self, value: Scalar) -> Scalar:
        """Return a value as the parameter has it, after a way through JSON or a database.

        Raises:
            ValueError: if the parameter has no such value.
        """
        if self.kind == "index":
            return self.values[_find(self.values, value)]
        if isinstance(self.parameter, CategoricalParameter):
            return self.parameter.choices[_find(self.parameter.choices, value)]
        return float(value) if self.kind == "float" else int(value)


def code_space(space: Space) -> tuple[ParameterCode, ...]:
    """Return the codes of a space's parameters, in the space's order."""
    return tuple(_code(parameter) for parameter in space.parameters)


def make_distribution(code: ParameterCode) -> BaseDistribution:
    """Return what Optuna's samplers are asked to draw from."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    parameter = code.parameter
    if isinstance(parameter, CategoricalParameter):
        return CategoricalDistribution(range(len(code.values)) if code.kind == "index" else parameter.choices)
    if code.kind == "index":
        return IntDistribution(0, len(code.values) - 1)
    if code.kind == "float":
        return FloatDistribution(parameter.low, parameter.high, log=parameter.log)
    return IntDistribution(int(parameter.low), int(parameter.high), log=parameter.log)


def normalize_params(codes: tuple[ParameterCode, ...], params: Mapping[str, Scalar]) -> Params:
    """Return a point with its parameters in the space's order and its values as the space has them.

    Raises:
        ValueError: if a parameter has no such value.
    """
    return {code.name: code.normalize(params[code.name]) for code in codes if code.name in params}


def _code(parameter: Parameter) -> ParameterCode:
    if isinstance(parameter, CategoricalParameter):
        # Optuna compares choices by ==, for which True, 1 and 1.0 are the same.
        if len(set(parameter.choices)) < len(parameter.choices):
            return ParameterCode(parameter, "index", parameter.choices)
        return ParameterCode(parameter, "choice")
    if parameter.points is not None:
        return ParameterCode(parameter, "index", parameter.values or ())
    return ParameterCode(parameter, "float" if isinstance(parameter, FloatParameter) else "int")


def _find(values: tuple[Scalar, ...], value: Scalar) -> int:
    for index, candidate in enumerate(values):
        if type(candidate) is type(value) and candidate == value:
            return index
    for index, candidate in enumerate(values):
        if _is_close(candidate, value):
            return index
    raise ValueError(f"{value!r} is none of {list(values)!r}")


def _is_close(one: Scalar, other: Scalar) -> bool:
    if isinstance(one, str | bool) or isinstance(other, str | bool):
        return False
    return math.isclose(one, other, rel_tol=1e-9)
