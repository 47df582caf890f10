"""Column types: how times, Structs and numbers lie in a database that may be SQLite or PostgreSQL."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any, Final, final

import msgspec
from sqlalchemy import BigInteger, Dialect, Double, Text
from sqlalchemy.types import TypeDecorator

__all__ = ("Encoded", "FloatList", "FloatMap", "Real", "SamplerAttributes", "UtcTime")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_StoredFloat = float | str | None
_LIST_DECODER: Final = msgspec.json.Decoder(list[_StoredFloat])
_MAP_DECODER: Final = msgspec.json.Decoder(dict[str, _StoredFloat])


@final
class UtcTime(TypeDecorator[datetime]):
    """A moment, to the microsecond, as microseconds since 1970; always timezone-aware and UTC in Python."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the microseconds; a time without a zone is refused with TypeError."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the time."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


@final
class Real(TypeDecorator[float]):
    """A float that comes back as a float: SQLite's RETURNING gives whole numbers as int."""

    impl = Double
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> float | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the number."""
        return None if value is None else float(value)


@final
class Encoded(TypeDecorator[Any]):
    """Anything that msgspec can decode to one type, as JSON text; None is NULL.

    Args:
        kind: The type, such as a Struct, a union of Structs, or `dict[str, Any]`.
    """

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind
        self._decoder = msgspec.json.Decoder(kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the JSON text."""
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's
        """Return the value; raise msgspec.ValidationError if the text is not of the type."""
        return None if value is None else self._decoder.decode(value)


@final
class SamplerAttributes(TypeDecorator[dict[str, Any]]):
    """What a sampler keeps, as the JSON in which Optuna's own storage would keep it: NaN and Infinity stay."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the text."""
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> dict[str, Any] | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the attributes."""
        return None if value is None else dict(json.loads(value))


@final
class FloatMap(TypeDecorator[dict[str, float]]):
    """Numbers by name as JSON text: NaN as null, infinities as "inf" and "-inf", and back."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict[str, float] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the text."""
        if value is None:
            return None
        return msgspec.json.encode({name: _to_stored(number) for name, number in value.items()}).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> dict[str, float] | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the numbers."""
        if value is None:
            return None
        return {name: _from_stored(number) for name, number in _MAP_DECODER.decode(value).items()}


@final
class FloatList(TypeDecorator[list[float]]):
    """Numbers in order, stored as those of `FloatMap`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: list[float] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the text."""
        return None if value is None else msgspec.json.encode([_to_stored(number) for number in value]).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> list[float] | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the numbers."""
        return None if value is None else [_from_stored(number) for number in _LIST_DECODER.decode(value)]


def _to_stored(number: float) -> _StoredFloat:
    if math.isfinite(number):
        return number
    return None if math.isnan(number) else str(number)


def _from_stored(number: _StoredFloat) -> float:
    return math.nan if number is None else float(number)
