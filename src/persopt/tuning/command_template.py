"""A command with placeholders: its words, what they name, and the words of one trial.

The command is split before anything is put in, and no shell reads it: a value is always one word or a part of
one, whatever it holds.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from persopt.domain.errors import Fault, InputError
from persopt.domain.names import suggest
from persopt.domain.space import Scalar
from persopt.plugins.contracts.execution import TrialRequest

__all__ = (
    "OWN_PLACEHOLDERS",
    "fill_command",
    "find_template_faults",
    "list_placeholders",
    "own_values",
    "split_command",
    "trial_environment",
)

OWN_PLACEHOLDERS: Final = ("outputDir", "trialFolder", "seed", "trial", "attempt", "python")
"""Placeholders that are no parameters of the space."""

_BRACES: Final = re.compile(r"\{\{|\}\}|\{([^{}]*+)\}|[{}]")


def split_command(command: str) -> list[str]:
    """Split a command into words as a shell would, without running one.

    Raises:
        InputError: if it is empty, or a quotation is not closed.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InputError(f"cannot be split into words: {error}; got {command!r}", path="$.command") from None
    if not words or not words[0]:
        raise InputError(f"expected a program and its arguments, got {command!r}", path="$.command")
    return words


def find_template_faults(words: Sequence[str], params: Sequence[str]) -> Iterator[Fault]:
    """Give a fault for each brace that stands alone and each placeholder that names nothing.

    Args:
        words: The command.
        params: Names of the parameters.
    """
    accepted = [*params, *OWN_PLACEHOLDERS]
    named = ", ".join(f"{{{item}}}" for item in accepted)
    for word in words:
        for match in _BRACES.finditer(word):
            if match[0] in ("{", "}"):
                message = f"a single {match[0]!r} in {word!r}; write {match[0] * 2!r} for the brace itself"
                yield Fault(path="$.command", message=message)
            elif match[1] is not None and match[1] not in accepted:
                message = f"{match[0]} names no parameter of config; accepted: {named}{suggest(match[1], accepted)}"
                yield Fault(path="$.command", message=message, code="unknown", hint="write {{ and }} for braces")


def list_placeholders(words: Sequence[str]) -> Iterator[str]:
    """Give the names in braces in their order, repeated ones again."""
    for word in words:
        for match in _BRACES.finditer(word):
            if match[1] is not None:
                yield match[1]


def fill_command(words: Sequence[str], values: Mapping[str, Scalar]) -> list[str]:
    """Return the words of one trial.

    A word that names a parameter which this trial does not have (its condition does not hold) is left out, and with
    it the switch before it: of `--momentum {momentum}` nothing stays.
    """
    filled: list[str] = []
    is_switch = False
    for word in words:
        names = list(list_placeholders([word]))
        if any(name not in values for name in names):
            if is_switch and word == f"{{{names[0]}}}":
                filled.pop()
            is_switch = False
            continue
        filled.append(_BRACES.sub(lambda match: _replacement(match, values), word))
        is_switch = word.startswith("-") and not names
    return filled


def own_values(request: TrialRequest, output: str, python: str) -> dict[str, Scalar]:
    """Return the values of `OWN_PLACEHOLDERS` in a trial."""
    return {
        "outputDir": output,
        "trialFolder": request.folder,
        "seed": request.seed,
        "trial": request.number,
        "attempt": request.attempt,
        "python": python,
    }


def trial_environment(request: TrialRequest, output: str) -> dict[str, str]:
    """Return the variables that tell a program of its trial."""
    params = {f"PERSOPT_PARAM_{_variable(name)}": _text(value) for name, value in request.params.items()}
    return params | {
        "PERSOPT_PARAMS": msgspec.json.encode(request.params).decode(),
        "PERSOPT_TRIAL": str(request.number),
        "PERSOPT_ATTEMPT": str(request.attempt),
        "PERSOPT_SEED": str(request.seed),
        "PERSOPT_TRIAL_FOLDER": request.folder,
        "PERSOPT_OUTPUT_DIR": output,
    }


def _replacement(match: re.Match[str], values: Mapping[str, Scalar]) -> str:
    return match[0][0] if match[1] is None else _text(values[match[1]])


def _text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def _variable(name: str) -> str:
    return name.replace("=", "_").replace("\0", "_")
