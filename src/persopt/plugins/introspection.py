"""What a Protocol asks of an object: its methods with their parameters, its attributes with their types."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol

from msgspec import Struct

__all__ = ("Member", "compare_parameters", "list_members")


class Member(Struct, frozen=True, kw_only=True):
    """One thing that a Protocol asks for.

    Attributes:
        name: Its name.
        parameters: Signature of a method, without `self`; None for an attribute.
        kind: Type of an attribute, where it is a plain class.
    """

    name: str
    parameters: inspect.Signature | None = None
    kind: type | None = None

    @property
    def described(self) -> str:
        """What is expected, in words."""
        if self.parameters is not None:
            return f"a method {self.name}{describe_parameters(self.parameters)}"
        return f"a {self.kind.__name__}" if self.kind is not None else "an attribute"


def list_members(contract: type) -> Iterator[Member]:
    """Give the members of a Protocol, those of its bases first, each once."""
    seen: dict[str, Any] = {}
    for base in reversed(contract.__mro__):
        if base not in (object, Protocol, Generic):
            seen |= {name: value for name, value in vars(base).items() if not name.startswith("_")}
    for name, value in seen.items():
        if isinstance(value, property):
            yield Member(name=name, kind=_returned_class(value.fget))
        elif inspect.isfunction(value):
            yield Member(name=name, parameters=_without_self(inspect.signature(value)))


def compare_parameters(expected: inspect.Signature, method: Callable[..., Any]) -> str | None:
    """Return what is wrong with the parameters of a bound method, or None.

    It may have more parameters than expected if they have defaults, and may take `*args` or `**kwargs`; what
    persopt passes by position and by name must arrive under the names that the contract gives.
    """
    try:
        given = inspect.signature(method)
    except (TypeError, ValueError):
        return None  # written in C without a signature: only a call can tell
    if not _takes(given, expected):
        return f"expected parameters {describe_parameters(expected)}, got {describe_parameters(given)}"
    return None


def describe_parameters(signature: inspect.Signature) -> str:
    """Return the names of parameters as they stand between a function's parentheses."""
    bare = [item.replace(annotation=inspect.Parameter.empty) for item in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def _takes(given: inspect.Signature, expected: inspect.Signature) -> bool:
    keyword_only = [item.name for item in expected.parameters.values() if item.kind is item.KEYWORD_ONLY]
    positional = [name for name in expected.parameters if name not in keyword_only]
    try:
        arguments = given.bind(*positional, **{name: name for name in keyword_only}).arguments
        given.bind(**{name: name for name in expected.parameters})
    except TypeError:
        return False
    named = (name for name, value in arguments.items() if given.parameters[name].kind in _NAMED and name != value)
    return next(named, None) is None


_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def _without_self(signature: inspect.Signature) -> inspect.Signature:
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _returned_class(getter: Callable[..., Any] | None) -> type | None:
    if getter is None:
        return None
    try:
        kind = typing.get_type_hints(getter).get("return")
    except NameError:  # a type that only the type checker imports
        return None
    return kind if isinstance(kind, type) else None
