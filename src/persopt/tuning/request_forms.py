"""A spec as people write it: a Python call, a command, JSON; each builds the same spec again."""

from __future__ import annotations

import pprint
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from persopt.domain.specs import TuneSpec

__all__ = ("to_command", "to_json", "to_python", "without_defaults")

_SWITCHES: Final = {"outputDir": "--output", "textColumns": "--text-column"}
_OPTIONS: Final = {"strategyOptions": "-o", "executorOptions": "--executor-option"}
_NESTED: Final = ("data", "training")
_RENAMED: Final = {"outputDir": "output", "data": "data_options"}
_BY_FILE: Final = "persopt tune --spec request.json"


def without_defaults(spec: TuneSpec) -> dict[str, Any]:
    """Return the spec as plain data with camelCase names, without what is as it would be anyway."""
    plain: dict[str, Any] = msgspec.to_builtins(spec)
    usual: dict[str, Any] = msgspec.to_builtins(TuneSpec())
    return {name: value for name, value in plain.items() if name != "kind" and value != usual.get(name)}


def to_json(spec: TuneSpec) -> str:
    """Return the request as it goes into a file for `--spec`, or over HTTP."""
    return msgspec.json.format(msgspec.json.encode(without_defaults(spec)), indent=2).decode()


def to_python(spec: TuneSpec) -> str:
    """Return the call of `persopt.tune`."""
    plain = without_defaults(spec)
    model, data = plain.pop("baseModelPath", None), plain.pop("datasetPath", None)
    lines = [f"    {item!r},\n" for item in (model, data) if item is not None]
    if "objectives" in plain:
        given = (f"persopt.Objective({item['metric']!r}, {item['direction']!r})" for item in plain.pop("objectives"))
        lines.append(f"    objectives=[{', '.join(given)}],\n")
    names = {field.encode_name: field.name for field in msgspec.structs.fields(TuneSpec)}
    for name, value in plain.items():
        keyword = _RENAMED.get(name, names[name])
        text = pprint.pformat(value, width=100 - len(keyword), sort_dicts=False)
        lines.append(f"    {keyword}={text.replace(chr(10), chr(10) + ' ' * (len(keyword) + 5))},\n")
    return f"import persopt\n\nreport = persopt.tune(\n{''.join(lines)})"


def to_command(spec: TuneSpec) -> str:
    """Return the command with its flags; one that reads the JSON where a field has no flag of its own."""
    plain = without_defaults(spec)
    words = [shlex.quote(plain.pop(name)) for name in ("baseModelPath", "datasetPath") if name in plain]
    try:
        flags = list(_list_flags(plain))
    except _NoFlagError:
        return _BY_FILE
    return " \\\n    ".join([" ".join(["persopt tune", *words]), *flags])


class _NoFlagError(Exception):
    """A field that cannot be written as a flag."""


def _list_flags(plain: Mapping[str, Any]) -> Iterator[str]:
    for name, value in plain.items():
        if name == "config":
            yield from (f"-p {shlex.quote(f'{key}={_json(one)}')}" for key, one in value.items())
        elif name == "objectives":
            yield from (f"--objective {shlex.quote(':'.join((one['metric'], one['direction'])))}" for one in value)
        elif name == "constraints":
            yield from (f"--constraint {shlex.quote(_limit(one))}" for one in value)
        elif name in _OPTIONS:
            for key, one in value.items():
                if isinstance(one, Mapping | list):
                    raise _NoFlagError
                yield f"{_OPTIONS[name]} {shlex.quote(f'{key}={one if isinstance(one, str) else _json(one)}')}"
        elif name == "parsers":
            yield from (f"--parser {shlex.quote(_parser_name(one))}" for one in value)
        elif name in _NESTED:
            yield from _list_flags(value)
        else:
            yield from _plain_flag(name, value)


def _limit(constraint: Mapping[str, Any]) -> str:
    limits = [(sign, constraint[name]) for name, sign in (("max", "<="), ("min", ">=")) if name in constraint]
    if len(limits) != 1 or set(constraint["metric"]) & set("<>="):
        raise _NoFlagError
    ((sign, limit),) = limits
    return f"{constraint['metric']}{sign}{limit!r}"


def _parser_name(choice: str | Mapping[str, Any]) -> str:
    if isinstance(choice, str):
        return choice
    if choice.get("options"):
        raise _NoFlagError
    return str(choice["name"])


def _plain_flag(name: str, value: object) -> Iterator[str]:
    switch = _SWITCHES.get(name, "--" + "".join(f"-{char.lower()}" if char.isupper() else char for char in name))
    if isinstance(value, list):
        items = [str(item) for item in value]
        if not all(isinstance(item, str | int | float) for item in value) or any("," in item for item in items):
            raise _NoFlagError
        given = [",".join(items)] if switch.endswith("s") else items
    elif isinstance(value, str | int | float):
        given = [_json(value) if isinstance(value, bool) else str(value)]
    else:
        raise _NoFlagError
    yield from (f"{switch} {shlex.quote(item)}" for item in given)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
