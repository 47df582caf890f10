"""Checking a spec and filling in what it leaves open, every fault gathered on the way."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from persopt.domain.errors import Fault, InputError, PersoptError, UnknownValueError

__all__ = ("SpecResolver",)

SpecT = TypeVar("SpecT", bound=Struct)
T = TypeVar("T")


class SpecResolver(Generic[SpecT]):
    """The base of what resolves the specs of each kind: the spec so far, and its faults so far.

    A spec may hold parts that are malformed (`persopt.domain.partial`): a check that needs one ends without a word.
    """

    def __init__(self, spec: SpecT) -> None:
        self._spec = spec
        self._faults: list[Fault] = []

    def resolve(self) -> SpecT:
        """Return the spec with what it left open.

        Raises:
            InputError: with all its faults.
        """
        with contextlib.suppress(UnknownValueError):
            self._look()
        if self._faults:
            raise InputError(self._faults)
        return self._spec

    def _look(self) -> None:
        """Check the spec, step by step; each kind does it in its own way."""
        raise NotImplementedError

    def _collect(self, check: Callable[[], T]) -> T | None:
        """Return what a check gives; keep the faults of one that raises, and return None."""
        try:
            return check()
        except PersoptError as error:
            self._faults += error.faults
            return None

    def _set(self, **fields: Any) -> None:
        """Fill in fields of the spec."""
        self._spec = msgspec.structs.replace(self._spec, **fields)
