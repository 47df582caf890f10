"""Whether a contribution keeps the contract of its plugin point, found out without running it.

Every fault is one sentence that begins with the member at fault, so that an author reads all of them at once.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from persopt.domain.errors import InputError
from persopt.domain.names import list_choices
from persopt.domain.validation import decode_struct
from persopt.plugins.introspection import Member, compare_parameters, list_members
from persopt.plugins.points import PluginPoint
from persopt.plugins.safety import describe_exception, reraise_interrupt

__all__ = ("LANGUAGES", "check_contribution")

LANGUAGES: Final = ("en", "fa")

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_OPTIONS: Final = "a frozen msgspec Struct whose fields all have defaults"
_MISSING: Final = object()


def check_contribution(contribution: object, point: PluginPoint) -> list[str]:
    """Return what is wrong with a contribution; an empty list if nothing is.

    Looked at are the form of the name, the languages of the title, the options (a frozen Struct, a default for
    every field, defaults that pass their own constraints, a schema) and every member of the contract: methods
    by the names of their parameters, attributes by their type. Never raises.
    """
    if inspect.isclass(contribution):
        return [f"expected an object, got the class {contribution.__name__}; yield {contribution.__name__}()"]
    try:
        return list(_check(contribution, point))
    except BaseException as error:  # noqa: BLE001 - a stranger's objects may raise anywhere, even in their repr
        reraise_interrupt(error)
        return [f"looking at it raised {describe_exception(error)}"]


def _check(contribution: object, point: PluginPoint) -> Iterator[str]:
    members = [member for member in list_members(point.contract) if member.name not in _SPECIAL]
    for ability in point.abilities:
        own = list(list_members(ability))
        members += own if any(_has(contribution, member.name) for member in own) else []
    for name, check in _SPECIAL.items():
        value = _read(contribution, name)
        yield from [value] if isinstance(value, _Raised) else check(value)
    for member in members:
        value = _read(contribution, member.name)
        yield from [value] if isinstance(value, _Raised) else _check_member(member, value)


def _check_name(value: object) -> Iterator[str]:
    expected = "name: expected lower-case words joined by '-'"
    if value is _MISSING:
        yield f"{expected}, but it is missing"
    elif not isinstance(value, str) or not _NAME.fullmatch(value):
        yield f"{expected}, got {value!r}"


def _check_title(value: object) -> Iterator[str]:
    expected = f"title: expected a mapping with a text for each of {list_choices(LANGUAGES).replace(' or ', ' and ')}"
    if value is _MISSING:
        yield f"{expected}, but it is missing"
    elif not isinstance(value, Mapping) or not all(
        isinstance(value.get(language), str) and value[language].strip() for language in LANGUAGES
    ):
        yield f"{expected}, got {value!r}"


def _check_options(value: object) -> Iterator[str]:
    if value is _MISSING:
        yield f"options: expected {_OPTIONS}, but it is missing"
        return
    if not (isinstance(value, type) and issubclass(value, Struct)):
        yield f"options: expected {_OPTIONS}, got {value!r}"
        return
    if not value.__struct_config__.frozen:
        yield f"options: expected {_OPTIONS}, got {value.__name__}, which is not frozen (Struct, frozen=True)"
    yield from _check_fields(value)


def _check_fields(options: type[Struct]) -> Iterator[str]:
    try:
        required = [field.name for field in msgspec.structs.fields(options) if field.required]
        if required:
            names = ", ".join(repr(name) for name in required)
            yield f"options: expected {_OPTIONS}, got {options.__name__} without a default for {names}"
            return
        msgspec.json.schema(options)
        decode_struct(msgspec.to_builtins(options()), options)
    except InputError as error:
        faults = "; ".join(str(fault) for fault in error.faults)
        yield f"options: the defaults of {options.__name__} must be accepted by its own constraints; {faults}"
    except BaseException as error:  # noqa: BLE001 - types that cannot be resolved raise anything
        reraise_interrupt(error)
        yield f"options: the fields of {options.__name__} cannot be read: {describe_exception(error)}"


def _check_member(member: Member, value: Any) -> Iterator[str]:
    if value is _MISSING:
        yield f"{member.name}: expected {member.described}, but it is missing"
    elif member.parameters is None:
        if member.kind is not None and not isinstance(value, member.kind):
            yield f"{member.name}: expected {member.described}, got {value!r}"
    elif not callable(value):
        yield f"{member.name}: expected {member.described}, got {value!r}"
    else:
        wrong = compare_parameters(member.parameters, value)
        if wrong is not None:
            yield f"{member.name}: {wrong}"
        elif inspect.iscoroutinefunction(value):
            yield f"{member.name}: expected a plain method, got an async one"


class _Raised(str):
    """The sentence for an attribute whose reading raised."""

    __slots__ = ()


def _read(contribution: object, name: str) -> Any:
    try:
        return getattr(contribution, name, _MISSING)
    except BaseException as error:  # noqa: BLE001 - a stranger's property
        reraise_interrupt(error)
        return _Raised(f"{name}: reading it raised {describe_exception(error)}")


def _has(contribution: object, name: str) -> bool:
    return _read(contribution, name) is not _MISSING


_SPECIAL: Final = {"name": _check_name, "title": _check_title, "options": _check_options}
