"""A plugin that raises what is no Exception, and cannot even say what."""

from __future__ import annotations


class Odd(BaseException):
    """Cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


raise Odd
