"""Names of columns and splits as they stand in errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ("join_names",)

_LONGEST: Final = 40  # characters of a name; a row taken for a header would fill the screen
_MOST: Final = 20  # names


def join_names(names: Iterable[str], word: str = "and") -> str:
    """Return `'a', 'b' and 'c'`; long names are cut, and of many only the first are given."""
    quoted = [repr(name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…") for name in names]
    if len(quoted) > _MOST:
        return f"{', '.join(quoted[:_MOST])} {word} {len(quoted) - _MOST} more"
    return f" {word} ".join(filter(None, (", ".join(quoted[:-1]), *quoted[-1:])))
