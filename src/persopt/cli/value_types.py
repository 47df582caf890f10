"""A field's type, as the help shows it and as a person who gave something else is told."""

from __future__ import annotations

import msgspec.inspect as inspection
from msgspec import NODEFAULT

from persopt.domain.names import list_choices, suggest
from persopt.plugins.option_types import describe_type

__all__ = ("describe_accepted", "describe_default", "describe_range", "is_list", "metavar", "plain_type")


def plain_type(kind: inspection.Type) -> inspection.Type:
    """Return a type without its metadata and without None."""
    while True:
        if isinstance(kind, inspection.Metadata):
            kind = kind.type
            continue
        if not isinstance(kind, inspection.UnionType):
            return kind
        others = [item for item in kind.types if not isinstance(item, inspection.NoneType)]
        if len(others) != 1:
            return kind
        kind = others[0]


def is_list(kind: inspection.Type) -> bool:
    """Return whether the field holds a list."""
    return isinstance(plain_type(kind), inspection.ListType)


def metavar(kind: inspection.Type) -> str:
    """Return what stands for the value in the help: `INTEGER`, `auto|cpu|cuda` or `TEXT`."""
    inner = plain_type(kind)
    if isinstance(inner, inspection.ListType):
        return metavar(inner.item_type)
    if isinstance(inner, inspection.LiteralType):
        return "|".join(str(value) for value in inner.values)
    names = {inspection.IntType: "INTEGER", inspection.FloatType: "NUMBER", inspection.BoolType: "true|false"}
    return names.get(type(inner), "TEXT")


def describe_range(kind: inspection.Type) -> str:
    """Return the accepted range of a number, such as `from 1 to 256`; empty if there is none."""
    inner = plain_type(kind)
    if not isinstance(inner, inspection.IntType | inspection.FloatType):
        return ""
    return describe_type(inner).removeprefix("an integer").removeprefix("a number").strip().removeprefix("of ")


def describe_accepted(kind: inspection.Type, given: object) -> str:
    """Return what the field accepts, what was given, and the nearest choice to it."""
    inner = plain_type(kind)
    if isinstance(inner, inspection.LiteralType):
        choices = [str(value) for value in inner.values]
        return f"expected {list_choices(choices)}, got {given!r}{suggest(str(given), choices)}"
    most = getattr(inner, "max_length", None)
    limit = "" if most is None else f", at most {most} long"
    return f"expected {describe_type(inner)}{limit}, got {given!r}"


def describe_default(field: inspection.Field) -> str:
    """Return the default of a field as the help shows it; empty if there is none worth telling."""
    value = field.default
    return "" if value is None or value == "" or value is NODEFAULT else str(value)
