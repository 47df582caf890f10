"""The compact form of a search space on the command line: `NAME=...`.

    learningRate=1e-5..1e-3:log      a range on a log scale
    learningRate=1e-5..1e-3:log:5    the same as five grid points
    epochs=1..4                      whole numbers, both ends included
    batchSize=8,16,32                one of a list
    epochs=2                         fixed
    warmupSteps={"min": 0, "max": 9} anything else, as JSON

A text that would be read as something else is written as JSON: `optim='"adamw,8bit"'`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from persopt.domain.errors import Fault
from persopt.domain.validation import list_choices, suggest

__all__ = ("parse_assignments", "parse_parameters", "parse_point", "parse_scalar")

_NUMBER: Final = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE: Final = re.compile(rf"({_NUMBER})\.\.({_NUMBER})((?::[^:]*)*)")
_SCALES: Final = {"log": "log_uniform", "log_uniform": "log_uniform", "uniform": "uniform"}
_TYPES: Final = ("int", "float")
_FORMS: Final = "write NAME=1e-5..1e-3:log, NAME=1..4, NAME=8,16,32, NAME=2 or NAME=JSON"


def parse_parameters(given: Iterable[str], faults: list[Fault]) -> dict[str, Any]:
    """Turn repeated `--param NAME=...` into the plain form of a `config`; append what is wrong to `faults`."""
    config: dict[str, Any] = {}
    for name, text in parse_assignments(given, "--param", _FORMS, faults).items():
        try:
            config[name] = _parse_parameter(text)
        except ValueError as error:
            faults.append(Fault(path=f"$.config.{name}", message=str(error), hint=_FORMS))
    return config


def parse_assignments(given: Iterable[str], switch: str, forms: str, faults: list[Fault]) -> dict[str, str]:
    """Split repeated `NAME=TEXT`; append a fault for one without a name or given twice."""
    assigned: dict[str, str] = {}
    for item in given:
        name, separator, text = item.partition("=")
        name = name.strip()
        if not separator or not name:
            faults.append(Fault(path=switch, message=f"expected NAME=VALUE, got {item!r}", hint=forms))
        elif name in assigned:
            faults.append(Fault(path=switch, message=f"{name!r} is given twice: {assigned[name]!r} and {text!r}"))
        else:
            assigned[name] = text.strip()
    return assigned


def parse_point(text: str, switch: str, faults: list[Fault]) -> dict[str, Any]:
    """Turn `NAME=VALUE,NAME=VALUE`, or a JSON object, into a point; append what is wrong to `faults`."""
    forms = f"write {switch} NAME=VALUE,NAME=VALUE or {switch} JSON"
    if not text.lstrip().startswith("{"):
        assigned = parse_assignments(text.split(","), switch, forms, faults)
        return {name: parse_scalar(value) for name, value in assigned.items()}
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        faults.append(Fault(path=switch, message=f"{text!r} is no JSON object: {error}", hint=forms))
        return {}


def parse_scalar(text: str) -> bool | int | float | str:
    """Return the number, the boolean or else the text that a word stands for."""
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(_NUMBER, text):
        return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
    return text


def _parse_parameter(text: str) -> Any:
    if text[:1] in ("{", "[", '"'):
        return _parse_json(text)
    if ".." in text:
        return _parse_range(text)
    if "," in text:
        return [_parse_choice(item.strip(), text) for item in text.split(",")]
    if not text:
        raise ValueError("no value is given")
    return parse_scalar(text)


def _parse_json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ValueError(f"{text!r} is not valid JSON: {error}") from None


def _parse_choice(item: str, text: str) -> Any:
    if not item:
        raise ValueError(f"an item of the list {text!r} is empty")
    return _parse_json(item) if item.startswith('"') else parse_scalar(item)


def _parse_range(text: str) -> dict[str, Any]:
    matched = _RANGE.fullmatch(text)
    if matched is None:
        raise ValueError(f"expected a range LOW..HIGH of two numbers, got {text!r}")
    spec: dict[str, Any] = {"min": parse_scalar(matched[1]), "max": parse_scalar(matched[2])}
    for word in matched[3].split(":")[1:]:
        field, value = _parse_word(word)
        if field in spec:
            raise ValueError(f"{text!r} gives its {field} twice")
        spec[field] = value
    return spec


def _parse_word(word: str) -> tuple[str, Any]:
    if word in _SCALES:
        return "distribution", _SCALES[word]
    if word in _TYPES:
        return "type", word
    if re.fullmatch(r"[+-]?\d+", word):
        return "step", int(word)
    accepted = (*_SCALES, *_TYPES)
    raise ValueError(
        f"after the range expected {list_choices(accepted)}, or the number of grid points, got {word!r}"
        f"{suggest(word, accepted)}"
    )
