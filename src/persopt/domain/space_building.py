"""From what a user writes to a search space, with every fault found at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from persopt.domain.errors import Fault, InputError, UnknownValueError
from persopt.domain.hyperparameters import Hyperparameter, find_hyperparameter
from persopt.domain.space import (
    CategoricalParameter,
    Condition,
    FloatParameter,
    IntParameter,
    Parameter,
    ParameterConfig,
    ParameterSpec,
    Scalar,
    Space,
)
from persopt.domain.validation import suggest

__all__ = ("build_space",)

_LARGEST_INT_RANGE = 2**53


def build_space(config: Mapping[str, ParameterConfig], *, known_only: bool = True, path: str = "$.config") -> Space:
    """Turn a `config` into a space.

    Args:
        config: For each parameter a range, a list of choices, or one fixed value.
        known_only: True if the names must be hyperparameters of the trainer; False for functions and
            commands, whose parameters persopt cannot know.
        path: JSON path of `config`, for the faults.

    Raises:
        InputError: with a fault for each parameter that is empty, inverted, not finite, touches zero on a log
            scale, is out of the hyperparameter's range, has an unknown name, or whose condition names a
            parameter or value that does not exist.
        UnknownValueError: if nothing else is wrong, but a parameter is malformed (`persopt.domain.partial`).
    """
    faults: list[Fault] = []
    unknown: UnknownValueError | None = None
    parameters: dict[str, Parameter] = {}
    for name, written in config.items():
        known = find_hyperparameter(name) if known_only else None
        where = f"{path}.{name}"
        if known is None and known_only:
            from_names = suggest(name, Hyperparameter.names())
            faults.append(
                Fault(path=where, message=f"is not a hyperparameter of the trainer{from_names}", code="unknown")
            )
            continue
        spec = _as_spec(written)
        try:
            found = list(_check(spec, known, where))
            if not found:
                parameters[name] = _parameter(name, spec, known)
        except UnknownValueError as error:
            unknown = error
        else:
            faults += found
    ordered = _order(parameters, faults, path, set(config))
    if faults:
        raise InputError(faults)
    if unknown is not None:
        raise unknown
    return Space(tuple(ordered))


def _as_spec(written: ParameterConfig) -> ParameterSpec:
    if isinstance(written, ParameterSpec):
        return written
    return ParameterSpec(choices=list(written) if isinstance(written, list) else [written])


def _check(spec: ParameterSpec, known: Hyperparameter | None, path: str) -> Iterator[Fault]:
    if spec.choices is not None:
        yield from _check_choices(spec, known, path)
        return
    if spec.min is None or spec.max is None:
        missing = [name for name, value in (("min", spec.min), ("max", spec.max)) if value is None]
        yield Fault(path=path, message=f"needs 'min' and 'max', or 'choices'; {' and '.join(missing)} not given")
        return
    if not (math.isfinite(spec.min) and math.isfinite(spec.max)):
        yield Fault(path=path, message=f"min and max must be finite numbers, got {spec.min!r} and {spec.max!r}")
        return
    yield from _check_range(spec, spec.min, spec.max, path)
    if known is not None:
        yield from known.check_range(spec, path)


def _check_range(spec: ParameterSpec, low: float, high: float, path: str) -> Iterator[Fault]:
    if low > high:
        yield Fault(path=path, message=f"min must not exceed max, got min {low!r} and max {high!r}")
    if spec.distribution == "log_uniform" and low <= 0:
        yield Fault(
            path=f"{path}.min",
            message=f"a log_uniform range must lie above zero, got {low!r}",
            hint="give a small positive min, or distribution 'uniform'",
        )
    if spec.step is not None and spec.step < 2:  # noqa: PLR2004 - two ends make the smallest grid
        yield Fault(path=f"{path}.step", message=f"is the number of grid points, 2 or more, got {spec.step!r}")
    if spec.type == "int" and not (float(low).is_integer() and float(high).is_integer()):
        yield Fault(path=path, message=f"an int range needs whole numbers, got {low!r} and {high!r}")
    if max(abs(low), abs(high)) > _LARGEST_INT_RANGE and spec.type != "float":
        yield Fault(path=path, message=f"the ends of a range must lie within ±2**53, got {low!r} and {high!r}")


def _check_choices(spec: ParameterSpec, known: Hyperparameter | None, path: str) -> Iterator[Fault]:
    if spec.min is not None or spec.max is not None or spec.step is not None:
        yield Fault(path=path, message="takes either 'choices' or a range (min, max, step), not both")
    choices = spec.choices or []
    if not choices:
        yield Fault(path=path, message="the list of choices is empty; give one value or more")
    if len({(type(value), value) for value in choices}) < len(choices):
        yield Fault(path=path, message=f"a choice is given twice in {choices!r}")
    for index, value in enumerate(choices):
        where = f"{path}[{index}]" if len(choices) > 1 else path
        if isinstance(value, float) and not math.isfinite(value):
            yield Fault(path=where, message=f"must be finite, got {value!r}")
        elif known is not None:
            yield from known.check_value(value, where)


def _parameter(name: str, spec: ParameterSpec, known: Hyperparameter | None) -> Parameter:
    when = tuple(
        Condition(other, tuple(values) if isinstance(values, list) else (values,))
        for other, values in spec.when.items()
    )
    if spec.choices is not None:
        wants_float = known is not None and known.kind == "float"
        choices: tuple[Scalar, ...] = tuple(
            float(value) if wants_float and isinstance(value, int) else value for value in spec.choices
        )
        return CategoricalParameter(name=name, choices=choices, when=when)
    low, high = spec.min or 0, spec.max or 0
    log = spec.distribution == "log_uniform"
    kind = spec.type or (known.kind if known is not None and known.kind in ("int", "float") else None)
    if kind is None:
        kind = "int" if isinstance(low, int) and isinstance(high, int) else "float"
    if kind == "int":
        return IntParameter(name=name, low=int(low), high=int(high), log=log, points=spec.step, when=when)
    return FloatParameter(name=name, low=float(low), high=float(high), log=log, points=spec.step, when=when)


def _order(parameters: dict[str, Parameter], faults: list[Fault], path: str, names: set[str]) -> list[Parameter]:
    for parameter in parameters.values():
        for condition in parameter.when:
            where = f"{path}.{parameter.name}.when.{condition.parameter}"
            if condition.parameter not in names:
                accepted = suggest(condition.parameter, names - {parameter.name})
                faults.append(Fault(path=where, message=f"no parameter of that name in config{accepted}"))
            elif condition.parameter in parameters:
                _check_condition(parameters[condition.parameter], condition, faults, where)
    ordered: dict[str, Parameter] = {}
    waiting = dict(parameters)
    while waiting:
        ready = [
            parameter
            for parameter in waiting.values()
            if not any(condition.parameter in waiting for condition in parameter.when)
        ]
        if not ready:
            cycle = ", ".join(sorted(waiting))
            faults.append(Fault(path=path, message=f"the conditions of {cycle} depend on each other in a circle"))
            break
        for parameter in ready:
            ordered[parameter.name] = waiting.pop(parameter.name)
    return list(ordered.values())


def _check_condition(other: Parameter, condition: Condition, faults: list[Fault], path: str) -> None:
    if isinstance(other, FloatParameter):
        message = f"{other.name} is a range of real numbers; a condition needs a list of choices or whole numbers"
        faults.append(Fault(path=path, message=message))
        return
    missing = [value for value in condition.values if value not in other.values]
    if missing:
        faults.append(Fault(path=path, message=f"{other.name} never has the value {missing[0]!r}"))
