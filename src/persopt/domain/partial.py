"""Decoding of which parts may fail: what is malformed becomes a value that nothing can be asked of.

So the checks of meaning can look at the rest of a spec, and whichever needs the malformed part says nothing.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any, Final, NoReturn, TypeVar

import msgspec
from msgspec import Struct

from persopt.domain.errors import Fault, UnknownValueError
from persopt.domain.fault_finding import MAPPINGS, choose_arm, find_faults, is_struct, unwrap
from persopt.domain.names import find_nearest

__all__ = ("UNKNOWN", "decode_partly", "require_known")

T = TypeVar("T", bound=Struct)

_LISTS: Final = (list, tuple)


def _refuse(*_: object) -> NoReturn:
    raise UnknownValueError("a malformed value was asked for")


class _Unknown:
    """Stands for a malformed value; whatever is done with it but `is` raises UnknownValueError."""

    __slots__ = ()
    __getattr__ = __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = __hash__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __neg__ = __abs__ = _refuse
    __int__ = __float__ = __index__ = __str__ = __repr__ = __format__ = __fspath__ = __call__ = _refuse


UNKNOWN: Final[Any] = _Unknown()
"""The value of what is malformed."""


def decode_partly(value: Any, kind: type[T]) -> tuple[T, list[Fault]]:
    """Convert plain data to a Struct as far as it goes.

    Args:
        value: What `json.loads` would give.
        kind: The Struct type.

    Returns:
        The Struct and no fault; or one in which `UNKNOWN` stands for each part that is malformed or missing, and
        for each field whose name was probably meant by an unknown one, with all faults as of `find_faults`.
    """
    try:
        return msgspec.convert(value, kind), []
    except msgspec.ValidationError:
        return _salvage(value, kind), find_faults(value, kind)


def require_known(*values: Any) -> None:
    """Make sure that values are not malformed, where nothing is asked of them but whether they are None.

    Raises:
        UnknownValueError: if one is.
    """
    if any(value is UNKNOWN for value in values):
        raise UnknownValueError("whether a malformed value is there was asked for")


def _salvage(value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        kind = choose_arm(value, unwrap(kind))
    origin = typing.get_origin(kind) or kind
    if is_struct(origin) and isinstance(value, Mapping):
        return _salvage_struct(value, origin)
    if origin in MAPPINGS and isinstance(value, Mapping):
        _, item = typing.get_args(kind) or (Any, Any)
        return {key: _salvage(entry, item) for key, entry in value.items()}
    if origin in _LISTS and isinstance(value, list):
        item, *others = typing.get_args(kind) or (Any,)
        if others in ([], [Ellipsis]):
            found = [_salvage(entry, item) for entry in value]
            # A list whose items are all right is wrong as a whole, such as in its length.
            return origin(found) if any(entry is UNKNOWN or _has_unknown(entry) for entry in found) else UNKNOWN
    return UNKNOWN


def _salvage_struct(value: Mapping[Any, Any], kind: type[Struct]) -> Any:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    meant = {find_nearest(str(name), fields) for name in value if name not in fields}
    given: dict[str, Any] = {}
    for name, field in fields.items():
        if name in value:
            given[field.name] = _salvage(value[name], field.type)
        elif field.required or name in meant:
            given[field.name] = UNKNOWN
    return kind(**given)


def _has_unknown(value: Any) -> bool:
    if value is UNKNOWN:
        return True
    if isinstance(value, Struct):
        return any(_has_unknown(getattr(value, name)) for name in value.__struct_fields__)
    if isinstance(value, dict):
        return any(map(_has_unknown, value.values()))
    return isinstance(value, list | tuple) and any(map(_has_unknown, value))
