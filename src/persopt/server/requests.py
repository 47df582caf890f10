"""What comes in: query parameters and JSON bodies, decoded with all their faults at once."""

from __future__ import annotations

import re
import typing
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request
from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.domain.validation import decode_struct
from persopt.server.problems import ProblemError

__all__ = ("decode_json", "nesting_of", "read_query")

T = TypeVar("T", bound=Struct)

_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_NULL: Final = "null"
_BRACKET: Final = re.compile(rb"[\[\]{}]")


def read_query(request: Request[Any, Any, Any], kind: type[T]) -> T:
    """Return the query parameters as a Struct; a field that is a list takes a parameter several times.

    Raises:
        InputError: with a fault for each parameter that is unknown, given twice, or not accepted.
    """
    lists = {field.encode_name for field in msgspec.structs.fields(kind) if typing.get_origin(_plain(field)) is list}
    texts = {field.encode_name for field in msgspec.structs.fields(kind) if _plain(field) in (str, str | None)}
    given: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in request.query_params.multi_items():
        if name in lists:
            given.setdefault(name, []).append(value)
        elif value.lower() == _NULL and name not in texts:  # lenient decoding takes it for None
            faults.append(Fault(path=f"query.{name}", message=f"expected a value, got {value!r}"))
        elif name in given:
            faults.append(Fault(path=f"query.{name}", message="is given twice"))
        else:
            given[name] = value
    return decode_struct(given, kind, path="query", strict=False, earlier=faults)


def decode_json(body: bytes, max_depth: int) -> Any:
    """Return what a body says.

    Raises:
        ProblemError: if it is empty, no JSON, or nested deeper than allowed; that is found before anything is built.
    """
    if not body.strip():
        raise ProblemError(400, "not-json", "the body is empty; expected one JSON object")
    depth = nesting_of(body, max_depth)
    if depth > max_depth:
        detail = f"the body's lists and objects lie more than {max_depth} deep in each other"
        raise ProblemError(400, "too-deep", detail)
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProblemError(400, "not-json", f"the body is not valid JSON: {error}") from None


def nesting_of(body: bytes, enough: int) -> int:
    """Return how deep the brackets of a JSON text lie in each other, counted up to `enough` + 1."""
    depth = deepest = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", body)):
        depth += 1 if bracket[0] in b"[{" else -1
        deepest = max(deepest, depth)
        if deepest > enough:
            break
    return deepest


def _plain(field: msgspec.structs.FieldInfo) -> Any:
    kind = field.type
    return typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind
