"""Decoding with all faults at once, and the nearest valid names.

msgspec stops at the first fault. A person who fills in a form wants them all, so a body that fails is looked
at a second time, part by part (`persopt.domain.fault_finding`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from persopt.domain.errors import Fault, InputError
from persopt.domain.fault_finding import find_faults
from persopt.domain.names import describe_choices, list_choices, suggest

__all__ = ("decode_struct", "describe_choices", "list_choices", "suggest")

T = TypeVar("T", bound=Struct)


def decode_struct(
    value: Any, kind: type[T], *, path: str = "$", strict: bool = True, earlier: Sequence[Fault] = ()
) -> T:
    """Convert plain data (mappings, lists, scalars) or JSON bytes to a Struct.

    Args:
        value: JSON bytes, or what `json.loads` would give.
        kind: The Struct type.
        path: JSON path of the value, put before the paths of the faults.
        strict: False lets strings stand for numbers and booleans (command line, environment).
        earlier: Faults found while the data were put together; they go before those of the data.

    Raises:
        InputError: with those, and a fault for each part that is wrong, missing or unknown, at any depth.
    """
    if isinstance(value, bytes | bytearray):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError([*earlier, *InputError(f"not valid JSON: {error}", path=path).faults]) from None
    try:
        found = msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError:
        raise InputError([*earlier, *find_faults(value, kind, path=path, strict=strict)]) from None
    if earlier:
        raise InputError(earlier)
    return found
