"""Metric parsers: what the lines of a program's output tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeAlias, TypeVar

from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.plugins.contracts.base import Contribution

__all__ = ("LogReader", "Metric", "MetricParser", "ParsedItem")

OptionsT_contra = TypeVar("OptionsT_contra", bound=Struct, contravariant=True)


class Metric(Struct, frozen=True, kw_only=True):
    """A value seen in the output; `step` where the line tells it."""

    name: str
    value: float
    step: int | None = None


ParsedItem: TypeAlias = Metric | Fault


class LogReader(Protocol):
    """Reads the output of one trial; may keep state between lines."""

    def feed(self, line: str) -> Iterable[ParsedItem]:
        """Take one line, without its end, and return what it completes."""
        ...

    def close(self) -> Iterable[ParsedItem]:
        """Take the end of the output and return what was still open."""
        ...


class MetricParser(Contribution, Protocol[OptionsT_contra]):
    """Opens a reader for the output of a trial."""

    def open(self, options: OptionsT_contra) -> LogReader:
        """Return a new reader."""
        ...
