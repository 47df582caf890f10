"""The OpenAPI 3.1 document of a server, with the options of the plugins that are installed in it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from importlib import metadata
from typing import Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from persopt.plugins.registry import Registry
from persopt.server.openapi.examples import EXAMPLES
from persopt.server.openapi.operations import Operation, all_operations
from persopt.server.problems import PROBLEM_TYPE, Problem
from persopt.server.routes.jobs import spec_types
from persopt.server.routes.plugins import describe_contributions

__all__ = ("make_document",)

_SCHEMAS: Final = "#/components/schemas/"
_ERRORS: Final = {
    400: "The request cannot be read: no JSON, nested too deep, a header that makes no sense.",
    401: "The token is missing or wrong.",
    403: "A foreign page asks, or the token may only look.",
    404: "There is no such thing; the nearest name is told.",
    405: "There is no such method here.",
    408: "The body did not arrive in time.",
    409: "The state of the job does not allow it, or the idempotency key was used for another request.",
    413: "The body is too large.",
    415: "The body is not JSON by its Content-Type.",
    421: "This server is not called by that Host.",
    422: "What was asked for is not accepted; every fault is told with its path.",
    429: "Too many wrong tokens came from this address.",
    500: "Something broke in the server.",
    503: "The store or the event server cannot be reached.",
}
_WITH_BODY: Final = (408, 409, 413, 415)
_PARAMETERS: Final = {
    "job_id": {
        "description": "The job's id, or 6 or more digits that it alone begins with.",
        "schema": {"type": "string", "minLength": 1},
    },
    "name": {"description": "Path of the file, with slashes.", "schema": {"type": "string", "minLength": 1}},
}


def make_document(routes: Iterable[HTTPRouteHandler], registry: Registry) -> dict[str, Any]:
    """Return the document as plain data.

    Args:
        routes: The routes of the server.
        registry: The plugins whose options are described.
    """
    operations = all_operations()
    schemas = _make_schemas(operations, registry)
    paths: dict[str, Any] = {}
    for route in routes:
        name = str(route.name)
        for path in route.paths:
            plain = re.sub(r":(str|path)\}", "}", path)
            method = "post" if "POST" in route.http_methods else "get"
            text = inspect.getdoc(route.fn) or ""
            described = _describe(name, plain, text, operations[name], schemas)
            paths.setdefault(plain, {})[method] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "persopt",
            "version": metadata.version("persopt"),
            "description": "Tuning, pruning and quantization of Transformers models as durable jobs.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {f"Problem{status}": _problem(text) for status, text in _ERRORS.items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _make_schemas(operations: dict[str, Operation], registry: Registry) -> dict[str, Any]:
    kinds: list[type[Struct]] = [Problem]
    for operation in operations.values():
        kinds += [kind for kind in (operation.answer, operation.query, operation.body) if kind is not None]
        kinds += [spec_types()[kind] for kind in operation.bodies]  # type: ignore[index]  # the names are kinds
    unique = list(dict.fromkeys(kinds))
    _, schemas = msgspec.json.schema_components(unique, ref_template=f"{_SCHEMAS}{{name}}")
    for found in describe_contributions(registry):
        name = f"Options.{found.kind}.{found.name}"
        options = _move_definitions(found.options, name)
        schemas |= options.pop("$defs", {})
        schemas[name] = {"title": found.title.get("en", found.name), **options}
    return schemas


def _move_definitions(schema: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Return a schema whose own definitions are named for the place that they get in the document."""
    text = msgspec.json.encode(schema).decode().replace('"#/$defs/', f'"{_SCHEMAS}{prefix}.')
    moved: dict[str, Any] = msgspec.json.decode(text)
    if "$defs" in moved:
        moved["$defs"] = {f"{prefix}.{name}": inner for name, inner in moved["$defs"].items()}
    return moved


def _describe(name: str, path: str, text: str, operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    names = re.findall(r"\{(\w+)\}", path)
    parameters = [{"name": item, "in": "path", "required": True, **_PARAMETERS[item]} for item in names]
    parameters += _query(operation, schemas)
    parameters += [
        {"name": header, "in": "header", "required": False, "description": word, "schema": {"type": "string"}}
        for header, word in operation.headers.items()
    ]
    described: dict[str, Any] = {
        "operationId": name,
        "tags": [operation.tag],
        "summary": text.splitlines()[0] if text else name,
        "responses": _responses(operation, with_name=bool(names)),
    }
    if parameters:
        described["parameters"] = parameters
    if operation.bodies or operation.body is not None:
        described["requestBody"] = _body(name, operation)
    return described


def _query(operation: Operation, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    known: dict[str, Any] = schemas[operation.query.__name__]
    return [
        {
            "name": name,
            "in": "query",
            "required": name in known.get("required", ()),
            "description": schema.get("description", ""),
            "schema": _without_null(schema),
        }
        for name, schema in known["properties"].items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a query parameter, which can be left out but not be null."""
    plain = {key: value for key, value in schema.items() if not (key == "default" and value is None)}
    arms = [arm for arm in plain.pop("anyOf", []) if arm != {"type": "null"}]
    if "enum" in plain:
        plain["enum"] = [choice for choice in plain["enum"] if choice is not None]
    return {**plain, **arms[0]} if len(arms) == 1 else plain | ({"anyOf": arms} if arms else {})


def _body(name: str, operation: Operation) -> dict[str, Any]:
    if operation.body is not None:
        own = {"schema": {"$ref": _SCHEMAS + operation.body.__name__}, "examples": {name: {"value": EXAMPLES[name]}}}
        return {"required": True, "content": {"application/json": own}}
    refs = [{"$ref": _SCHEMAS + spec_types()[kind].__name__} for kind in operation.bodies]  # type: ignore[index]
    schema: dict[str, Any] = refs[0] if len(refs) == 1 else {"anyOf": refs}
    examples = {kind: {"value": EXAMPLES[kind]} for kind in operation.bodies if kind in EXAMPLES}
    if "tune" not in operation.bodies or len(refs) == 1:
        return {"required": True, "content": {"application/json": {"schema": schema, "examples": examples}}}
    examples = {
        kind: {"value": {"kind": kind, **example["value"]} if kind != "tune" else example["value"]}
        for kind, example in examples.items()
    }
    return {"required": True, "content": {"application/json": {"schema": schema, "examples": examples}}}


def _responses(operation: Operation, *, with_name: bool) -> dict[str, Any]:
    kinds = operation.content or ("application/json",)
    schema: dict[str, Any] = {}
    if operation.answer is not None:
        schema = {"schema": {"$ref": _SCHEMAS + operation.answer.__name__}}
    good: dict[str, Any] = {
        str(operation.status): {"description": "As asked.", "content": dict.fromkeys(kinds, schema)},
    }
    if operation.bodies:
        location = {"description": "Where the job is.", "schema": {"type": "string"}}
        good[str(operation.status)]["headers"] = {"Location": location}
    for status, word in operation.also.items():
        good[str(status)] = {"description": word}
    left_out = set() if operation.bodies else set(_WITH_BODY) - ({409} if with_name else set())
    if operation.body is not None:
        left_out = {409}
    errors = {
        str(status): {"$ref": f"#/components/responses/Problem{status}"}
        for status in _ERRORS
        if status not in left_out and str(status) not in good
    }
    return {**good, **errors}


def _problem(text: str) -> dict[str, Any]:
    content = {
        "schema": {"$ref": f"{_SCHEMAS}{Problem.__name__}"},
    }
    return {"description": text, "content": {PROBLEM_TYPE: content}}
