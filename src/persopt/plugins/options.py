"""Options of contributions: one Struct, from which decoding, flags, schema and forms are made."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from persopt.domain.errors import Fault, InputError
from persopt.domain.fault_finding import join_path, list_accepted
from persopt.domain.names import describe_choices
from persopt.domain.validation import decode_struct
from persopt.plugins.contracts.base import Contribution
from persopt.plugins.option_types import describe_type

__all__ = ("OptionField", "decode_options", "option_fields", "options_schema")


class OptionField(Struct, frozen=True, kw_only=True, rename="camel"):
    """One option as a face shows it.

    Attributes:
        name: As it stands in a spec.
        cli_name: As it stands on the command line: lower case, words joined by `-`.
        type_text: The accepted values in words, such as `a number above 0`.
        default: The default as plain data.
        title: A short name for people; by default the name.
        description: What it does.
        choices: The accepted values, where they can be listed.
    """

    name: str
    cli_name: str
    type_text: str
    default: Any
    title: str
    description: str = ""
    choices: list[Any] = []


def option_fields(options: type[Struct]) -> list[OptionField]:
    """Return the fields of an options Struct in their order."""
    info = msgspec.inspect.type_info(options)
    if not isinstance(info, msgspec.inspect.StructType):
        raise TypeError(f"expected a Struct type, got {options!r}")
    defaults = options()
    types = {field.name: field.type for field in msgspec.structs.fields(options)}
    return [
        OptionField(
            name=field.encode_name,
            cli_name=_to_cli_name(field.name),
            type_text=describe_type(field.type),
            default=msgspec.to_builtins(getattr(defaults, field.name)),
            title=_annotation(field.type, "title") or field.encode_name,
            description=_annotation(field.type, "description"),
            choices=list_accepted(types[field.name]),
        )
        for field in info.fields
    ]


def options_schema(options: type[Struct]) -> dict[str, Any]:
    """Return the JSON Schema of an options Struct as one object, which accepts no unknown property."""
    schema = msgspec.json.schema(options)
    definitions: dict[str, Any] = dict(schema.get("$defs", {}))
    own: dict[str, Any] = definitions.pop(schema["$ref"].rpartition("/")[2])
    own["additionalProperties"] = False
    return {**own, "$defs": definitions} if definitions else own


def decode_options(
    contribution: Contribution,
    given: Mapping[str, Any],
    path: str = "$.strategyOptions",
    strict: bool = True,
) -> Struct:
    """Turn what a user gave into the options of a contribution.

    Args:
        contribution: Whose options they are.
        given: Values by name.
        path: JSON path of `given`.
        strict: False for the command line: strings stand for values of any type (JSON, or items joined by
            commas for a list), and names may be written with `-` or `_`.

    Raises:
        InputError: with a fault for each option that is unknown, given twice or not accepted.
    """
    fields = {field.encode_name: field for field in msgspec.structs.fields(contribution.options)}
    folded = {_fold(written): name for name, field in fields.items() for written in (field.name, name)}
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for written, value in given.items():
        name = written if strict else folded.get(_fold(written), written)
        where = join_path(path, written)
        if name not in fields:
            faults.append(
                Fault(path=where, message=_describe_unknown(contribution, written, list(fields)), code="unknown")
            )
        elif name in values:
            faults.append(Fault(path=where, message=f"{name!r} is given twice"))
        else:
            values[name] = value if strict else _read_text(value, fields[name].type)
    try:
        decoded = decode_struct(values, contribution.options, path=path, strict=strict)
    except InputError as error:
        raise InputError([*faults, *error.faults]) from None
    if faults:
        raise InputError(faults)
    return decoded


def _describe_unknown(contribution: Contribution, name: str, accepted: list[str]) -> str:
    if not accepted:
        return f"{contribution.name!r} takes no options, got {name!r}"
    return f"{contribution.name!r} has no such option, {describe_choices(name, accepted)}"


def _read_text(value: Any, kind: Any) -> Any:
    """Return what a text on the command line stands for, or the text itself if nothing that is accepted."""
    if not isinstance(value, str):
        return value
    readings: list[Any] = [value]
    with contextlib.suppress(msgspec.DecodeError):
        readings.append(msgspec.json.decode(value))
    readings.append([item.strip() for item in value.split(",") if item.strip()])
    for reading in readings:
        with contextlib.suppress(msgspec.ValidationError):
            msgspec.convert(reading, kind, strict=False)
            return reading
    return value


def _annotation(info: msgspec.inspect.Type, key: str) -> str:
    """Return a title or description, which stands on the type or, beside None, on one arm of the union."""
    if isinstance(info, msgspec.inspect.Metadata):
        return str((info.extra_json_schema or {}).get(key, "")) or _annotation(info.type, key)
    if isinstance(info, msgspec.inspect.UnionType):
        return next((text for arm in info.types if (text := _annotation(arm, key))), "")
    return ""


def _to_cli_name(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).replace("_", "-").lower()


def _fold(name: str) -> str:
    return name.replace("-", "").replace("_", "").casefold()
