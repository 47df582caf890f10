"""Which operators of an OpenVINO model belong to modules that stay in floating point."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

__all__ = ("kept_operators", "module_of")

_NAME = re.compile(r"__module\.(?P<module>[^/]+)/")


def module_of(operator: str) -> str | None:
    """Return the path of the module that an operator was converted from: its name begins with it."""
    found = _NAME.match(operator)
    return found["module"] if found else None


def kept_operators(model: Any, patterns: Sequence[str]) -> list[str]:
    """Return the names of all operators in modules that match, or that lie inside one that does."""
    if not patterns:
        return []
    names = [operator.get_friendly_name() for operator in model.get_ops()]
    return [name for name in names if _is_kept(module_of(name), patterns)]


def _is_kept(module: str | None, patterns: Sequence[str]) -> bool:
    if module is None:
        return False
    parts = module.split(".")
    paths = [".".join(parts[: end + 1]) for end in range(len(parts))]
    return any(fnmatchcase(path, pattern) for path in paths for pattern in patterns)
