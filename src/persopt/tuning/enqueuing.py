"""Points that are tried first: checked against the space, each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.domain.space import CategoricalParameter, Parameter, Params, Scalar, Space, allows_value, point_key
from persopt.domain.validation import list_choices, suggest
from persopt.domain.warm_start import WarmStart
from persopt.tuning.distributions import code_space, normalize_params

__all__ = ("ORIGIN_ATTRIBUTE", "EnqueuedPoint", "check_points", "list_enqueued")

ORIGIN_ATTRIBUTE: Final = "persopt:origin"
"""With each trial that was enqueued is kept where its point came from."""

_MOST_SHOWN: Final = 8


class EnqueuedPoint(Struct, frozen=True):
    """Values of a trial; `origin` says who gave them."""

    params: Params
    origin: str


def check_points(space: Space, points: Sequence[Params], path: str = "$.enqueue") -> Iterator[Fault]:
    """Give the faults of points that are to be tried: unknown names, values out of the space, conditions not met.

    A point may leave parameters out. One that is nothing but names that exist under other conditions is wrong.
    """
    parameters = {parameter.name: parameter for parameter in space.parameters}
    for index, point in enumerate(points):
        where = f"{path}[{index}]"
        if not point:
            yield Fault(path=where, message="is empty; give at least one parameter")
        for name, value in point.items():
            yield from _check_value(parameters, point, name, value, f"{where}.{name}")


def list_enqueued(
    space: Space, enqueue: Iterable[Params], warm_start: WarmStart | None, most: int | None = None
) -> tuple[EnqueuedPoint, ...]:
    """Return the points in the order in which they are tried: the user's, then those of an earlier tuning.

    Each is there once, its values as the space has them.

    Args:
        space: The space, which has all of them.
        enqueue: The user's points.
        warm_start: The earlier tuning, its points found.
        most: No more than so many.
    """
    codes = code_space(space)
    given = [EnqueuedPoint(point, "enqueue") for point in enqueue]
    if warm_start is not None:
        given += [
            EnqueuedPoint(point.params, f"trial {point.trial} of {warm_start.job}") for point in warm_start.points or ()
        ]
    unique: dict[object, EnqueuedPoint] = {}
    for item in given:
        params = normalize_params(codes, item.params)
        unique.setdefault(point_key(params), EnqueuedPoint(params, item.origin))
    return tuple(unique.values())[:most]


def _check_value(
    parameters: Mapping[str, Parameter], point: Params, name: str, value: Scalar, path: str
) -> Iterator[Fault]:
    parameter = parameters.get(name)
    if parameter is None:
        near = suggest(name, parameters)
        yield Fault(path=path, message=f"the space has no such parameter{near}", code="unknown")
        return
    if not allows_value(parameter, value):
        yield Fault(path=path, message=f"expected {_describe(parameter)}, got {value!r}")
    for condition in parameter.when:
        if condition.parameter in point and not condition.holds(point):
            yield Fault(
                path=path,
                message=f"exists only where {condition.parameter} is {list_choices(condition.values)}, and the point "
                f"has {point[condition.parameter]!r}",
            )


def _describe(parameter: Parameter) -> str:
    if isinstance(parameter, CategoricalParameter):
        return list_choices(parameter.choices)
    if parameter.points is not None:
        values = parameter.values or ()
        more = ", ..." if len(values) > _MOST_SHOWN else ""
        return f"a grid point: {', '.join(f'{value:g}' for value in values[:_MOST_SHOWN])}{more}"
    kind = "an integer" if parameter.__struct_config__.tag == "int" else "a number"
    return f"{kind} in [{parameter.low:g}, {parameter.high:g}]"
