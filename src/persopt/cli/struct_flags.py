"""Command-line flags made from a Struct's annotations, so that every field is declared once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import click
import msgspec
import msgspec.inspect as inspection
from msgspec import Struct

from persopt.cli.value_types import describe_accepted, describe_default, describe_range, is_list, metavar, plain_type
from persopt.domain.errors import Fault

__all__ = ("Flag", "add_flags", "list_flags", "put_flags")

F = TypeVar("F", bound=Callable[..., Any])


class Flag(Struct, frozen=True, kw_only=True):
    """One flag.

    Attributes:
        path: Names of the field as they stand in JSON, from the outermost Struct inwards.
        switch: As it is written, such as `--max-trials`.
        field: The field, as msgspec describes it.
        type: The field's type, for decoding.
        repeated: The flag is given once for each item of a list.
        listed: The flag takes a list separated by commas.
    """

    path: tuple[str, ...]
    switch: str
    field: inspection.Field
    type: Any
    repeated: bool
    listed: bool

    @property
    def parameter(self) -> str:
        """Name of the argument under which click hands the value on."""
        return "_".join(self.path)

    @property
    def help(self) -> str:
        """The field's description with its range and default."""
        kind = self.field.type
        schema = (kind.extra_json_schema or {}) if isinstance(kind, inspection.Metadata) else {}
        limits, default = describe_range(kind), describe_default(self.field)
        notes = [limits] if limits else []
        notes += [f"default: {default}"] if default else []
        notes += ["may be repeated"] if self.repeated else []
        notes += ["separated by commas"] if self.listed else []
        description = str(schema.get("description", ""))
        return f"{description} [{'; '.join(notes)}]" if notes else description


def list_flags(
    kind: type[Struct],
    *,
    skip: Sequence[str] = (),
    switches: Mapping[str, str] | None = None,
    path: tuple[str, ...] = (),
) -> Iterator[Flag]:
    """Give a flag for each field; those of nested Structs stand beside the others.

    Args:
        kind: The Struct.
        skip: Fields (by their JSON name) that have no flag.
        switches: Switches by JSON name that differ from the field's own name. A list whose switch ends in `s`
            is given as items separated by commas, another by repeating the flag.
        path: JSON names of the Structs around this one.
    """
    described = inspection.type_info(kind)
    if not isinstance(described, inspection.StructType):
        raise TypeError(f"expected a Struct, got {kind!r}")
    for field, raw in zip(described.fields, msgspec.structs.fields(kind), strict=True):
        if field.encode_name in skip:
            continue
        inner = plain_type(field.type)
        if isinstance(inner, inspection.StructType):
            yield from list_flags(inner.cls, skip=skip, switches=switches, path=(*path, field.encode_name))
            continue
        switch = (switches or {}).get(field.encode_name, f"--{field.name.replace('_', '-')}")
        plural = switch.endswith("s")
        yield Flag(
            path=(*path, field.encode_name),
            switch=switch,
            field=field,
            type=raw.type,
            repeated=is_list(field.type) and not plural,
            listed=is_list(field.type) and plural,
        )


def add_flags(flags: Sequence[Flag]) -> Callable[[F], F]:
    """Return a decorator that gives a click command these flags, each None where it is not given."""

    def decorate(command: F) -> F:
        for flag in reversed(flags):
            shown = metavar(flag.field.type)
            option = click.option(flag.switch, flag.parameter, metavar=shown, multiple=flag.repeated, help=flag.help)
            command = option(command)
        return command

    return decorate


def put_flags(flags: Sequence[Flag], given: Mapping[str, Any], plain: dict[str, Any], faults: list[Fault]) -> None:
    """Put the flags that were given into the plain form of a spec; append to `faults` what cannot be read."""
    for flag in flags:
        value = given.get(flag.parameter)
        if value is None or value == ():
            continue
        if flag.repeated or flag.listed:
            value = list(value) if flag.repeated else [item.strip() for item in value.split(",")]
        try:
            converted = msgspec.convert(value, flag.type, strict=False)
        except msgspec.ValidationError:
            message = describe_accepted(flag.field.type, value)
            faults.append(Fault(path="$." + ".".join(flag.path), message=message))
            continue
        _put(plain, flag.path, converted)


def _put(plain: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        inner = plain.get(name)
        plain[name] = dict(inner) if isinstance(inner, Mapping) else {}
        plain = plain[name]
    plain[path[-1]] = value
