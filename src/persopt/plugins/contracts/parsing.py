"""Metric parsers: what the lines of a program's output tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeAlias, TypeVar, runtime_checkable

from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.plugins.contracts.base import Contribution

__all__ = ("ClaimingReader", "LogReader", "Metric", "MetricParser", "ParsedItem")

OptionsT_contra = TypeVar("OptionsT_contra", bound=Struct, contravariant=True)


class Metric(Struct, frozen=True, kw_only=True):
    """A value seen in the output; `step` where the line tells it."""

    name: str
    value: float
    step: int | None = None


ParsedItem: TypeAlias = Metric | Fault


class LogReader(Protocol):
    """Reads the output of one trial; may keep state between lines.

    Where several parsers read one output, a line goes to each in turn until one gives something.
    """

    def feed(self, line: str) -> Iterable[ParsedItem]:
        """Take one line, without its end, and return what it completes.

        A carriage return ends a line too, as progress bars are drawn; colours and other terminal codes are gone.
        """
        ...

    def close(self) -> Iterable[ParsedItem]:
        """Take the end of the output and return what was still open."""
        ...


@runtime_checkable
class ClaimingReader(LogReader, Protocol):
    """A reader that knows its lines, also those in which there is nothing to give (optional).

    The parsers after it then never see them, and see every other line, also one with which it gave what was open.
    """

    def claims(self, line: str) -> bool:
        """Return whether a line is of this reader's kind; called before `feed`."""
        ...


class MetricParser(Contribution, Protocol[OptionsT_contra]):
    """Opens a reader for the output of a trial."""

    def open(self, options: OptionsT_contra) -> LogReader:
        """Return a new reader."""
        ...
