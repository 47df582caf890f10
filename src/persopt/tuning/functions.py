"""Trials that call a Python function."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from persopt.domain.errors import InputError
from persopt.domain.programs import FunctionProgram
from persopt.plugins.contracts.execution import FunctionTrial, TrialRequest

__all__ = ("call_function", "find_function")


def find_function(program: FunctionProgram) -> Callable[..., Any]:
    """Import the function.

    Raises:
        InputError: if the name is not `package.module:function`, or the module or function is not there.
    """
    module_name, _, name = program.function.partition(":")
    if not module_name or not name:
        raise InputError(f"expected 'package.module:function', got {program.function!r}", path="$.function")
    for folder in reversed(program.path):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    try:
        found = getattr(importlib.import_module(module_name), name)
    except (ImportError, SyntaxError) as error:
        raise InputError(f"{program.function!r} cannot be imported: {error}", path="$.function") from error
    except AttributeError:
        raise InputError(f"module {module_name!r} has no function {name!r}", path="$.function") from None
    if not callable(found):
        raise InputError(f"{program.function!r} is not a function", path="$.function")
    return found  # type: ignore[no-any-return]  # callable() narrows to an unspecific callable


def call_function(program: FunctionProgram, request: TrialRequest, trial: FunctionTrial) -> dict[str, float]:
    """Call the function and return its metrics; one number becomes the metric `value`.

    Raises:
        InputError: if it returns neither a number nor a mapping of numbers.
    """
    returned = find_function(program)(dict(request.params), trial)
    metrics = returned if isinstance(returned, Mapping) else {"value": returned}
    try:
        return {str(name): float(value) for name, value in metrics.items()}
    except (TypeError, ValueError):
        raise InputError(
            f"{program.function} must return a number or a mapping of names to numbers, got {returned!r}",
            path="$.function",
        ) from None
