"""What a fresh process opens in the tests of memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ("open_block", "refuse")


@contextmanager
def open_block(*, held: int, called: int) -> Iterator[Callable[[], int]]:
    """Hold so many bytes, and take more in each call."""
    block = bytearray(b"x") * held
    yield lambda: len(bytearray(b"x") * called) + len(block)


@contextmanager
def refuse(reason: str) -> Iterator[Callable[[], None]]:
    """Fail."""
    print("something that a library prints")  # noqa: T201
    if reason:
        raise ValueError(reason)
    yield lambda: None
