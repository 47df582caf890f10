"""A clock that goes on only when a call takes its time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import repeat

__all__ = ("Clock",)


class Clock:
    """Goes on only when a call takes its time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[str] = []

    def __call__(self) -> float:
        return self.now

    def spend(self, name: str, seconds: float) -> None:
        """Let a call take so long."""
        self.now += seconds
        self.calls.append(name)

    def call(self, name: str, seconds: float | Iterable[float]) -> Callable[[], None]:
        """Return a call that takes so long, or each time the next of those."""
        durations = iter(repeat(seconds) if isinstance(seconds, float) else seconds)
        return lambda: self.spend(name, next(durations))
