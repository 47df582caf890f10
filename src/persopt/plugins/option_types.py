"""The types of options in words, for help texts."""

from __future__ import annotations

from typing import Final

from msgspec import inspect

__all__ = ("describe_type",)

_NAMED: Final[tuple[tuple[type[inspect.Type], str], ...]] = (
    (inspect.BoolType, "true or false"),
    (inspect.NoneType, "nothing"),
    (inspect.AnyType, "any value"),
    (inspect.DictType, "an object"),
    (inspect.StructType, "an object"),
    (inspect.TypedDictType, "an object"),
    (inspect.DataclassType, "an object"),
)


def describe_type(info: inspect.Type) -> str:
    """Return the values that a type accepts, such as `an integer from 1 to 10`."""
    if isinstance(info, inspect.Metadata):
        return describe_type(info.type)
    if isinstance(info, inspect.UnionType):
        return " or ".join(describe_type(arm) for arm in info.types)
    if isinstance(info, inspect.CollectionType):
        return f"a list, each {describe_type(info.item_type)}"
    return _describe_scalar(info)


def _describe_scalar(info: inspect.Type) -> str:
    if isinstance(info, inspect.IntType | inspect.FloatType):
        noun = "an integer" if isinstance(info, inspect.IntType) else "a number"
        multiple = f", a multiple of {info.multiple_of:g}" if info.multiple_of is not None else ""
        return f"{noun}{_describe_range(info)}{multiple}"
    if isinstance(info, inspect.StrType):
        return f"a text that matches {info.pattern}" if info.pattern is not None else "a text"
    if isinstance(info, inspect.LiteralType | inspect.EnumType):
        values = info.values if isinstance(info, inspect.LiteralType) else [member.value for member in info.cls]
        return "one of " + ", ".join(str(value) for value in values)
    return next((words for kind, words in _NAMED if isinstance(info, kind)), "a value")


def _describe_range(info: inspect.IntType | inspect.FloatType) -> str:
    if info.ge is not None and info.le is not None:
        return f" from {info.ge:.15g} to {info.le:.15g}"
    ends = (("above", info.gt), ("of at least", info.ge), ("below", info.lt), ("of at most", info.le))
    found = [f"{words} {end:.15g}" for words, end in ends if end is not None]
    return f" {' and '.join(found)}" if found else ""
