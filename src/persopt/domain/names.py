"""Names in error messages: what is accepted, and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

__all__ = ("describe_choices", "find_nearest", "list_choices", "suggest")


def find_nearest(given: str, accepted: Iterable[str]) -> str | None:
    """Return the accepted name that was probably meant, None if none is near."""
    by_folded = {name.casefold(): name for name in accepted}
    near = difflib.get_close_matches(given.casefold(), list(by_folded), n=1)
    return by_folded[near[0]] if near else None


def suggest(given: str, accepted: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest accepted name, or an empty string."""
    near = find_nearest(given, accepted)
    return "" if near is None else f"; did you mean {near!r}?"


def list_choices(accepted: Sequence[object]) -> str:
    """Return names as they stand in an error: `'a', 'b' or 'c'`."""
    quoted = [repr(name) for name in accepted]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " or " + quoted[-1] if quoted else "nothing"


def describe_choices(given: str, accepted: Iterable[str]) -> str:
    """Return `got 'x', accepted: 'a' or 'b'; did you mean 'a'?`."""
    names = sorted(accepted)
    return f"got {given!r}, accepted: {list_choices(names)}{suggest(given, names)}"
