"""From the arguments of a call to the spec of a job with a `config`, with every fault at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from persopt.domain.errors import Fault, InputError
from persopt.domain.prune_specs import PruneConfig, PruneSpec
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec
from persopt.domain.validation import decode_struct, suggest

__all__ = ("as_plain", "build_config_spec", "field_names", "find_unknown")

SpecT = TypeVar("SpecT", bound=PruneSpec | QuantizeSpec)


def build_config_spec(
    kind: type[SpecT],
    model: str | Path,
    output: str | Path,
    data: str,
    config: PruneConfig | QuantizeConfig | Mapping[str, Any] | None,
    options: Mapping[str, Any],
) -> SpecT:
    """Build a spec that reads a model, writes a folder and has a `config`.

    Args:
        kind: The spec's type.
        model: The model.
        output: The output folder.
        data: The data set; empty if there is none.
        config: What the caller gave as a whole.
        options: Fields of the config, which go before it, and of the spec, in snake_case. `data` of the spec, how the
            data set is read, is `data_options`.

    Raises:
        InputError: with every fault: of unknown names, of values that are not accepted.
    """
    outer = field_names(kind)
    inner = _fields(next(field.type for field in msgspec.structs.fields(kind) if field.name == "config"))
    faults = find_unknown(options, inner | outer)
    plain = {outer[name]: as_plain(value, outer[name]) for name, value in options.items() if name in outer}
    within = {inner[name]: as_plain(value, inner[name]) for name, value in options.items() if name in inner}
    given = {} if config is None else as_plain(config, "config")
    plain |= {
        "modelPath": str(model),
        "outputPath": str(output),
        "datasetPath": data,
        "config": {**given, **within} if isinstance(given, dict) else given,
    }
    return decode_struct(plain, kind, earlier=faults)


def field_names(kind: type[Struct]) -> dict[str, str]:
    """Return the names of a spec's fields in JSON by those that a call gives.

    The field `data` says how the data set is read; the argument `data` is the data set, so the field is `data_options`.
    """
    return {
        "data_options" if field.name == "data" else field.name: field.encode_name
        for field in msgspec.structs.fields(kind)
    }


def find_unknown(options: Iterable[str], known: Iterable[str]) -> list[Fault]:
    """Return a fault for each option that has another name than the known ones."""
    accepted = list(known)
    return [
        Fault(path=f"$.{name}", message=f"unknown option{suggest(name, accepted)}", code="unknown")
        for name in options
        if name not in accepted
    ]


def as_plain(value: Any, name: str) -> Any:
    """Return a value as mappings, lists, numbers and text; raise InputError for what is none of these."""
    try:
        return msgspec.to_builtins(dict(value) if isinstance(value, Mapping) else value)
    except TypeError as error:
        message = f"expected plain values (mappings, lists, numbers, text), got {value!r}: {error}"
        raise InputError(message, path=f"$.{name}") from None


def _fields(annotated: Any) -> dict[str, str]:
    kind: type[Struct] = annotated.__origin__ if hasattr(annotated, "__metadata__") else annotated
    return {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
