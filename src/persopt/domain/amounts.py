"""Sizes and times as people write them: `20MB`, `5ms`, `30m`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from persopt.domain.errors import InputError

__all__ = ("read_bytes", "read_milliseconds", "read_seconds")

_FORM: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([a-zµ]*)\s*", re.IGNORECASE | re.ASCII)
_BYTES: Final = {"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_MILLISECONDS: Final = {"": 1.0, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3}
_SECONDS: Final = {"": 1.0, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def read_bytes(given: float | str, path: str) -> int:
    """Return a size in bytes: a number of them, or a text such as `20MB` (10^6 bytes) or `20MiB` (2^20).

    Raises:
        InputError: at `path`, with what is accepted.
    """
    return round(_read(given, _BYTES, "a size such as 20MB, 19.5MiB or 20000000", path))


def read_milliseconds(given: float | str, path: str) -> float:
    """Return a short time in milliseconds: a number of them, or a text such as `5ms`, `800us` or `0.02s`.

    Raises:
        InputError: as `read_bytes`.
    """
    return _read(given, _MILLISECONDS, "a time such as 5ms, 800us or 0.02s (a number alone is milliseconds)", path)


def read_seconds(given: float | str, path: str) -> float:
    """Return a time in seconds: a number of them, or a text such as `90s`, `30m` or `2h`.

    Raises:
        InputError: as `read_bytes`.
    """
    return _read(given, _SECONDS, "a time such as 90s, 30m or 2h (a number alone is seconds)", path)


def _read(given: float | str, units: Mapping[str, float], accepted: str, path: str) -> float:
    if isinstance(given, str):
        found = _FORM.fullmatch(given)
        factor = None if found is None else units.get(found[2].lower())
        value = math.nan if found is None or factor is None else float(found[1]) * factor
    else:
        value = float(given)
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"expected {accepted}, above 0, got {given!r}", path=path)
    return value
