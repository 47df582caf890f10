"""The search space: parameters, their conditions, their points.

What a user writes (`ParameterSpec`, a list, or one value) is turned by `build_space` into typed parameters in
an order in which each comes after those that its condition names.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct

__all__ = (
    "CategoricalParameter",
    "Condition",
    "FloatParameter",
    "IntParameter",
    "Parameter",
    "ParameterConfig",
    "ParameterSpec",
    "Params",
    "Scalar",
    "Space",
    "allows_value",
    "point_key",
)

Scalar: TypeAlias = bool | int | float | str
Params: TypeAlias = dict[str, Scalar]


class ParameterSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A range (`min`, `max`) or a list (`choices`) of values, as users write it."""

    min: Annotated[int | float | None, Meta(description="Lowest value, included.")] = None
    max: Annotated[int | float | None, Meta(description="Highest value, included.")] = None
    distribution: Annotated[
        Literal["uniform", "log_uniform"], Meta(description="Scale on which values are drawn and grids are laid.")
    ] = "uniform"
    step: Annotated[
        int | None, Meta(description="Number of grid points of the range, 2 or more; without it every value.")
    ] = None
    type: Annotated[
        Literal["int", "float"] | None, Meta(description="Kind of number; by default int when both ends are integers.")
    ] = None
    choices: Annotated[list[Scalar] | None, Meta(description="The values to choose from, instead of a range.")] = None
    when: Annotated[
        dict[str, Scalar | list[Scalar]],
        Meta(description="The parameter exists only where those named here have one of these values."),
    ] = {}


ParameterConfig: TypeAlias = ParameterSpec | list[Scalar] | Scalar


class Condition(Struct, frozen=True):
    """Holds where `parameter` exists and has one of `values`."""

    parameter: str
    values: tuple[Scalar, ...]

    def holds(self, params: Mapping[str, Scalar]) -> bool:
        """Return whether a point, as far as it is decided, fulfils the condition."""
        return self.parameter in params and params[self.parameter] in self.values


class _Base(Struct, frozen=True, kw_only=True):
    name: str
    when: tuple[Condition, ...] = ()

    def exists(self, params: Mapping[str, Scalar]) -> bool:
        """Return whether the parameter is part of a point that so far has these values."""
        return all(condition.holds(params) for condition in self.when)


class FloatParameter(_Base, frozen=True, kw_only=True, tag="float"):
    """A real number in [low, high]; `points` of them when it is a grid."""

    low: float
    high: float
    log: bool = False
    points: int | None = None

    @property
    def values(self) -> tuple[float, ...] | None:
        """The grid points, evenly spaced on the parameter's scale; None for a continuous range."""
        if self.low == self.high:
            return (self.low,)
        if self.points is None:
            return None
        shares = [index / (self.points - 1) for index in range(self.points)]
        if self.log:
            inner = [self.low * (self.high / self.low) ** share for share in shares]
        else:
            inner = [self.low + (self.high - self.low) * share for share in shares]
        # Twelve digits, so that a point reads 0.001 and not 0.0009999999999999998.
        return (self.low, *(float(f"{value:.12g}") for value in inner[1:-1]), self.high)


class IntParameter(_Base, frozen=True, kw_only=True, tag="int"):
    """A whole number in [low, high]; at most `points` of them when it is a grid."""

    low: int
    high: int
    log: bool = False
    points: int | None = None

    @property
    def values(self) -> tuple[int, ...]:
        """Every value, or the grid points rounded, each once."""
        if self.points is None:
            return tuple(range(self.low, self.high + 1))
        real = FloatParameter(name=self.name, low=self.low, high=self.high, log=self.log, points=self.points)
        return tuple(dict.fromkeys(round(value) for value in real.values or ()))

    @property
    def count(self) -> int:
        """Number of values, without making them."""
        return self.high - self.low + 1 if self.points is None else len(self.values)


class CategoricalParameter(_Base, frozen=True, kw_only=True, tag="categorical"):
    """One of a list of values without an order."""

    choices: tuple[Scalar, ...]

    @property
    def values(self) -> tuple[Scalar, ...]:
        """The choices."""
        return self.choices


Parameter: TypeAlias = FloatParameter | IntParameter | CategoricalParameter


class Space(Struct, frozen=True):
    """Parameters in an order in which each one comes after those that its condition names."""

    parameters: tuple[Parameter, ...]

    @property
    def size(self) -> int | None:
        """Number of different points, or None if a parameter is continuous.

        Without conditions this is a product; with conditions points are counted by branch.
        """
        if any(parameter.values is None for parameter in self.parameters if isinstance(parameter, FloatParameter)):
            return None
        if any(parameter.when for parameter in self.parameters):
            return self._count(0, {})
        return math.prod(_count_values(parameter) for parameter in self.parameters)

    def _count(self, start: int, chosen: Params) -> int:
        rest = self.parameters[start:]
        deciding = {condition.parameter for parameter in rest for condition in parameter.when}
        total = 1
        for offset, parameter in enumerate(rest):
            if not parameter.exists(chosen):
                continue
            if parameter.name not in deciding:
                total *= _count_values(parameter)
                continue
            branches = (
                self._count(start + offset + 1, {**chosen, parameter.name: value}) for value in parameter.values or ()
            )
            return total * sum(branches)
        return total

    def points(self) -> Iterator[Params]:
        """Give every point once, the last parameter changing fastest.

        Raises:
            ValueError: if the space is not finite.
        """
        if self.size is None:
            raise ValueError("a continuous space has no list of points")
        yield from self._points(0, {})

    def _points(self, start: int, chosen: Params) -> Iterator[Params]:
        for index in range(start, len(self.parameters)):
            parameter = self.parameters[index]
            if parameter.exists(chosen):
                for value in parameter.values or ():
                    yield from self._points(index + 1, {**chosen, parameter.name: value})
                return
        yield chosen

    def point_at(self, index: int) -> Params:
        """Return the point that `points` gives at this place, without making those before it.

        Raises:
            IndexError: if there are not so many points.
            ValueError: if the space is not finite.
        """
        size = self.size
        if size is None:
            raise ValueError("a continuous space has no list of points")
        if not 0 <= index < size:
            raise IndexError(f"a space of {size} points has no point {index}")
        deciding = {condition.parameter for parameter in self.parameters for condition in parameter.when}
        chosen: Params = {}
        for position, parameter in enumerate(self.parameters, start=1):
            if not parameter.exists(chosen):
                continue
            if parameter.name not in deciding:
                offset, index = divmod(index, self._count(position, chosen))
                chosen[parameter.name] = _value_at(parameter, offset)
                continue
            for value in parameter.values or ():
                below = self._count(position, {**chosen, parameter.name: value})
                if index < below:
                    chosen[parameter.name] = value
                    break
                index -= below
        return chosen

    def contains(self, params: Mapping[str, Scalar]) -> bool:
        """Return whether these values, and no others, are a point of the space."""
        present = {parameter.name for parameter in self.parameters if parameter.exists(params)}
        return present == set(params) and all(
            allows_value(parameter, params[parameter.name])
            for parameter in self.parameters
            if parameter.name in present
        )


def point_key(params: Mapping[str, Scalar]) -> tuple[tuple[str, str, Scalar], ...]:
    """Return what is equal for equal points: names, types and values, in the order of names."""
    return tuple(sorted((name, type(value).__name__, value) for name, value in params.items()))


def _count_values(parameter: Parameter) -> int:
    return parameter.count if isinstance(parameter, IntParameter) else len(parameter.values or ())


def _value_at(parameter: Parameter, index: int) -> Scalar:
    if isinstance(parameter, IntParameter) and parameter.points is None:
        return parameter.low + index
    return (parameter.values or ())[index]


def allows_value(parameter: Parameter, value: Any) -> bool:
    """Return whether a parameter can have this value; whether it exists at all is not asked."""
    if isinstance(parameter, CategoricalParameter):
        return value in parameter.choices
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(parameter, FloatParameter) and parameter.values is None:
        return parameter.low <= value <= parameter.high
    if isinstance(parameter, IntParameter) and parameter.points is None:
        return parameter.low <= value <= parameter.high and value == int(value)
    return any(math.isclose(value, point, rel_tol=1e-9) for point in parameter.values or ())
