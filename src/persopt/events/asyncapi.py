"""The events described for others: an AsyncAPI 3.0 document made from the event types themselves."""

from __future__ import annotations

import inspect
from importlib import metadata
from typing import Any, Final

import msgspec

from persopt.domain.events import EVENT_TYPES, STREAM_SUBJECTS, CloudEvent, EventData, event_type
from persopt.domain.jobs import JOB_KINDS
from persopt.events.bus import STREAM_NAME

__all__ = ("asyncapi_document",)

_SCHEMAS: Final = "#/components/schemas/"
_CONTENT_TYPE: Final = "application/cloudevents+json"


def asyncapi_document() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document, as plain data.

    There is one channel a type of event. A message's payload is a CloudEvent in structured mode whose `type` is
    constant and whose `data` is that type's Struct.
    """
    (envelope, *_), schemas = msgspec.json.schema_components(
        (CloudEvent, *EVENT_TYPES), ref_template=f"{_SCHEMAS}{{name}}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "persopt events",
            "version": metadata.version("persopt"),
            "description": (
                f"What happens to jobs and trials. Every event is published to the JetStream stream {STREAM_NAME} "
                f"(subjects {STREAM_SUBJECTS}) with its id as Nats-Msg-Id. The events of a job are in order, and "
                "their `sequence` counts from 1 without gaps."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": _CONTENT_TYPE,
        "servers": {
            "nats": {
                "host": "127.0.0.1",
                "protocol": "nats",
                "description": "The embedded server, at a port and with a token that nats/connection.json in the "
                "workspace tells, or the one that PERSOPT_NATS_URL names.",
            }
        },
        "channels": {_name(kind): _channel(kind) for kind in EVENT_TYPES},
        "operations": {f"publish{_name(kind)}": _operation(kind) for kind in EVENT_TYPES},
        "components": {
            "messages": {_name(kind): _message(kind, envelope) for kind in EVENT_TYPES},
            "schemas": _drop_discriminators(schemas),
        },
    }


def _name(kind: type[EventData]) -> str:
    return kind.__name__


def _channel(kind: type[EventData]) -> dict[str, Any]:
    what = event_type(kind).removeprefix("persopt.")
    return {
        "address": f"persopt.events.{{kind}}.{{jobId}}.{what}",
        "description": _first_line(kind),
        "messages": {_name(kind): {"$ref": f"#/components/messages/{_name(kind)}"}},
        "parameters": {
            "kind": {"description": "What the job does.", "enum": list(JOB_KINDS)},
            "jobId": {"description": "The job's id: 20 hexadecimal digits."},
        },
        "servers": [{"$ref": "#/servers/nats"}],
    }


def _operation(kind: type[EventData]) -> dict[str, Any]:
    channel = f"#/channels/{_name(kind)}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{_name(kind)}"}],
    }


def _message(kind: type[EventData], envelope: dict[str, Any]) -> dict[str, Any]:
    narrowed = {
        "type": "object",
        "properties": {
            "type": {"const": event_type(kind)},
            "data": {"$ref": f"{_SCHEMAS}{_name(kind)}"},
        },
    }
    return {
        "name": event_type(kind),
        "title": _first_line(kind),
        "contentType": _CONTENT_TYPE,
        "headers": {
            "type": "object",
            "properties": {"Nats-Msg-Id": {"type": "string", "description": "The event's id."}},
        },
        "payload": {"allOf": [envelope, narrowed]},
    }


def _drop_discriminators(value: Any) -> Any:
    """Return a schema without OpenAPI's discriminators: AsyncAPI has the word too, but means a string by it."""
    if isinstance(value, dict):
        return {key: _drop_discriminators(item) for key, item in value.items() if key != "discriminator"}
    return [_drop_discriminators(item) for item in value] if isinstance(value, list) else value


def _first_line(kind: type[EventData]) -> str:
    return (inspect.getdoc(kind) or "").splitlines()[0]
