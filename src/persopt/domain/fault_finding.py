"""Every fault of a value that msgspec refused, each with its path.

The value is walked beside its type: Structs by field, mappings by key, lists by index, unions by the arm that
the value's form or tag chooses. What cannot be looked into is judged by msgspec itself, in its words made plain.
"""

from __future__ import annotations

import enum
import json
import re
import reprlib
import types
import typing
from collections import abc
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import msgspec
from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.domain.names import list_choices, suggest

__all__ = (
    "MAPPINGS",
    "MOST_FAULTS",
    "choose_arm",
    "find_faults",
    "is_struct",
    "join_path",
    "list_accepted",
    "unwrap",
)

MOST_FAULTS: Final = 100
_LONGEST_VALUE: Final = 80
_PAIR: Final = 2
_PLAIN_KEY: Final = re.compile(r"[\w-]+")
_LISTS: Final = (list, set, frozenset, tuple, abc.Sequence, abc.Collection, abc.Set, abc.Iterable)
MAPPINGS: Final = (dict, abc.Mapping, abc.MutableMapping)
"""The types that are written as an object whose names are free."""
_WORDS: Final = {
    "int": "an int",
    "float": "a float",
    "str": "a string",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}


def find_faults(value: Any, kind: Any, *, path: str = "$", strict: bool = True) -> list[Fault]:
    """Return what is wrong with plain data that is to become a `kind`; an empty list if nothing is.

    Args:
        value: Mappings, lists and scalars, as `json.loads` gives them.
        kind: Any type that `msgspec.convert` takes.
        path: JSON path of the value.
        strict: As for `msgspec.convert`.

    Returns:
        At most `MOST_FAULTS` faults, in the order of the value.
    """
    return list(islice(_find(value, kind, path, strict), MOST_FAULTS))


def join_path(path: str, key: object) -> str:
    """Return the JSON path of a mapping's entry."""
    name = str(key)
    return f"{path}.{name}" if _PLAIN_KEY.fullmatch(name) else f"{path}[{json.dumps(name, ensure_ascii=False)}]"


def list_accepted(kind: Any) -> list[Any]:
    """Return the values of a type that is a choice (Literal, Enum, also beside None), else an empty list."""
    kind = unwrap(kind)
    origin = typing.get_origin(kind)
    if origin is typing.Literal:
        return list(typing.get_args(kind))
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [member.value for member in kind]
    if origin in (typing.Union, types.UnionType):
        accepted = [list_accepted(arm) for arm in typing.get_args(kind) if arm is not type(None)]
        return [choice for choices in accepted for choice in choices] if all(accepted) else []
    return []


def choose_arm(value: Any, kind: Any) -> Any:
    """Return a type as it is, but of a union the one arm that has the value's form; None if there is no such arm."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return _fitting_arm(value, [unwrap(arm) for arm in typing.get_args(kind)])
    return kind


def unwrap(kind: Any) -> Any:
    """Return the type under Annotated, NewType and `type` aliases."""
    while True:
        if typing.get_origin(kind) is typing.Annotated:
            kind = typing.get_args(kind)[0]
        elif isinstance(kind, typing.NewType):
            kind = kind.__supertype__
        elif hasattr(kind, "__value__"):
            kind = kind.__value__
        else:
            return kind


def is_struct(kind: Any) -> bool:
    """Return whether a type is a Struct."""
    return isinstance(kind, type) and issubclass(kind, Struct)


def _find(value: Any, kind: Any, path: str, strict: bool) -> Iterator[Fault]:
    try:
        msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        inside = _look_inside(value, unwrap(kind), path, strict)
        first = next(inside, None)
        if first is None:
            yield Fault(path=path, message=_describe(str(error), value, kind))
        else:
            yield first
            yield from inside


def _look_inside(value: Any, kind: Any, path: str, strict: bool) -> Iterator[Fault]:
    origin = typing.get_origin(kind) or kind
    if origin in (typing.Union, types.UnionType):
        yield from _look_inside_union(value, [unwrap(arm) for arm in typing.get_args(kind)], path, strict)
    elif is_struct(origin) and isinstance(value, Mapping) and not origin.__struct_config__.array_like:
        yield from _look_inside_struct(value, kind, origin, path, strict)
    elif origin in MAPPINGS and isinstance(value, Mapping):
        _, item = typing.get_args(kind) or (Any, Any)
        for key, entry in value.items():
            yield from _find(entry, item, join_path(path, key), strict)
    elif origin in _LISTS and _is_list(value):
        for index, (entry, item) in enumerate(zip(value, _item_kinds(kind, origin, value), strict=False)):
            yield from _find(entry, item, f"{path}[{index}]", strict)


def _look_inside_struct(
    value: Mapping[Any, Any], kind: Any, origin: type[Struct], path: str, strict: bool
) -> Iterator[Fault]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    config = origin.__struct_config__
    tag_field = config.tag_field
    if tag_field is not None and value.get(tag_field, config.tag) != config.tag:
        message = f"expected {config.tag!r}, got {_shorten(value[tag_field])}"
        yield Fault(path=join_path(path, tag_field), message=message)
    for name, entry in value.items():
        if name in fields:
            yield from _find(entry, fields[name].type, join_path(path, name), strict)
        elif config.forbid_unknown_fields and name != tag_field:
            message = f"unknown field{suggest(str(name), fields)}"
            yield Fault(path=join_path(path, name), message=message, code="unknown")
    for name, field in fields.items():
        if field.required and name not in value:
            yield Fault(path=join_path(path, name), message="is required", code="missing")


def _look_inside_union(value: Any, arms: Sequence[Any], path: str, strict: bool) -> Iterator[Fault]:
    tagged = _tagged_arms(arms) if isinstance(value, Mapping) else {}
    if len(tagged) > 1:
        tag_field = next(iter(tagged.values())).__struct_config__.tag_field
        if value.get(tag_field) not in tagged:
            yield _wrong_tag(value, tag_field, list(tagged), path)
            return
    arm = _fitting_arm(value, arms)
    if arm is not None:
        yield from _look_inside(value, arm, path, strict)


def _tagged_arms(arms: Sequence[Any]) -> dict[Any, Any]:
    return {arm.__struct_config__.tag: arm for arm in arms if is_struct(arm)}


def _fitting_arm(value: Any, arms: Sequence[Any]) -> Any:
    """Return the one arm that has the value's form, of several Structs that of its tag; None if there is not one."""
    origins = [typing.get_origin(arm) or arm for arm in arms]
    if isinstance(value, Mapping):
        fitting = [arm for arm, origin in zip(arms, origins, strict=True) if is_struct(origin) or origin in MAPPINGS]
        tagged = _tagged_arms(fitting)
        if len(tagged) > 1:
            return tagged.get(value.get(next(iter(tagged.values())).__struct_config__.tag_field))
    elif _is_list(value):
        fitting = [arm for arm, origin in zip(arms, origins, strict=True) if origin in _LISTS]
    else:
        return None
    return fitting[0] if len(fitting) == 1 else None


def _wrong_tag(value: Mapping[Any, Any], tag_field: str, tags: list[Any], path: str) -> Fault:
    where = join_path(path, tag_field)
    if tag_field not in value:
        return Fault(path=where, message=f"is required; accepted: {list_choices(tags)}", code="missing")
    return Fault(path=where, message=_describe_choice(value[tag_field], tags))


def _item_kinds(kind: Any, origin: Any, value: Any) -> Iterator[Any]:
    arguments = typing.get_args(kind)
    if origin is tuple and not (len(arguments) == _PAIR and arguments[1] is Ellipsis):
        # A fixed tuple of another length is wrong as a whole, whatever its items.
        yield from arguments if len(arguments) == len(value) else ()
        return
    item = arguments[0] if arguments else Any
    for _ in value:
        yield item


def _describe(text: str, value: Any, kind: Any) -> str:
    """Say in plain words what msgspec says, with the value that was given and the choices there are."""
    choices = list_accepted(kind)
    if choices:
        return _describe_choice(value, choices)
    message = text.partition(" - at ")[0]
    match = re.fullmatch(r"Expected `([^`]+)`(.*?)(, got .*)?", message)
    if match is None:
        return f"{message[:1].lower()}{message[1:]}, got {_shorten(value)}"
    words = [_WORDS.get(word, word) for word in match[1].split(" | ")]
    named = words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]
    return f"expected {named}{_describe_limit(match[2])}, got {_shorten(value)}"


def _describe_limit(text: str) -> str:
    match = re.fullmatch(r" (>=|>|<=|<) (\S+)", text)
    if match is None:
        return text
    words = {">=": "of at least", ">": "above", "<=": "of at most", "<": "below"}
    return f" {words[match[1]]} {float(match[2]):g}" if "." in match[2] else f" {words[match[1]]} {match[2]}"


def _describe_choice(value: Any, choices: Sequence[Any]) -> str:
    near = suggest(value, [choice for choice in choices if isinstance(choice, str)]) if isinstance(value, str) else ""
    return f"expected {list_choices(choices)}, got {_shorten(value)}{near}"


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence | abc.Set) and not isinstance(value, str | bytes | bytearray)


def _shorten(value: Any) -> str:
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = _LONGEST_VALUE
    text = "null" if value is None else short.repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
