"""Decoding with all faults at once, and the nearest valid names.

msgspec stops at the first fault. A person who fills in a form wants them all, so a body that fails is looked
at a second time, field by field.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from persopt.domain.errors import Fault, InputError

__all__ = ("decode_struct", "describe_choices", "list_choices", "suggest")

T = TypeVar("T", bound=Struct)


def decode_struct(value: Any, kind: type[T], *, path: str = "$", strict: bool = True) -> T:
    """Convert plain data (mappings, lists, scalars) or JSON bytes to a Struct.

    Args:
        value: JSON bytes, or what `json.loads` would give.
        kind: The Struct type.
        path: JSON path of the value, put before the paths of the faults.
        strict: False lets strings stand for numbers and booleans (command line, environment).

    Raises:
        InputError: with a fault for each field that is wrong, missing or unknown.
    """
    if isinstance(value, bytes | bytearray):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError as error:
            raise InputError(f"not valid JSON: {error}", path=path) from None
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        faults = list(_gather(value, kind, path, strict)) or [_fault(str(error), path)]
        raise InputError(faults) from None


def _gather(value: Any, kind: type[Struct], path: str, strict: bool) -> Iterable[Fault]:
    if not isinstance(value, Mapping):
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    config = kind.__struct_config__
    tag_field = config.tag_field if config.tag is not None else None
    if tag_field is not None and value.get(tag_field, config.tag) != config.tag:
        yield Fault(path=f"{path}.{tag_field}", message=f"expected {config.tag!r}, got {value[tag_field]!r}")
    if config.forbid_unknown_fields:
        for name in value:
            if name not in fields and name != tag_field:
                yield Fault(path=f"{path}.{name}", message=f"unknown field{suggest(str(name), fields)}", code="unknown")
    for name, field in fields.items():
        if name not in value:
            if field.required:
                yield Fault(path=f"{path}.{name}", message="is required", code="missing")
            continue
        try:
            msgspec.convert(value[name], field.type, strict=strict)
        except msgspec.ValidationError as error:
            nested = field.type if isinstance(field.type, type) and issubclass(field.type, Struct) else None
            found = list(_gather(value[name], nested, f"{path}.{name}", strict)) if nested else []
            yield from found or [_fault(str(error), f"{path}.{name}", value[name])]


def _fault(text: str, path: str, given: Any = None) -> Fault:
    message, _, inner = text.partition(" - at `$")
    inner = inner.rstrip("`") if not inner.startswith("`") else ""
    shown = f", got {given!r}" if given is not None and "got" not in message and not inner else ""
    return Fault(path=path + inner, message=message[:1].lower() + message[1:] + shown)


def suggest(given: str, accepted: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest accepted name, or an empty string."""
    by_folded = {name.casefold(): name for name in accepted}
    near = difflib.get_close_matches(given.casefold(), list(by_folded), n=1)
    return f"; did you mean {by_folded[near[0]]!r}?" if near else ""


def list_choices(accepted: Sequence[str]) -> str:
    """Return names as they stand in an error: `'a', 'b' or 'c'`."""
    quoted = [repr(name) for name in accepted]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " or " + quoted[-1] if quoted else "nothing"


def describe_choices(given: str, accepted: Iterable[str]) -> str:
    """Return `got 'x', accepted are 'a' or 'b'; did you mean 'a'?`."""
    names = sorted(accepted)
    return f"got {given!r}, accepted: {list_choices(names)}{suggest(given, names)}"
