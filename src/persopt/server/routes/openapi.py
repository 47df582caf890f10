"""The descriptions of the API and of the events, for programs and for people."""

from __future__ import annotations

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from persopt.events.asyncapi import asyncapi_document
from persopt.server.openapi.reader import render_reference
from persopt.server.options import API_PREFIX
from persopt.server.routes.parameters import Served, in_thread

__all__ = ("openapi_routes",)

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


@get(f"{API_PREFIX}/openapi.json", name="getOpenApi")
@in_thread
def get_openapi(services: Served) -> Response[bytes]:
    """Return the OpenAPI 3.1 document, with the options of the installed plugins."""
    return Response(msgspec.json.encode(services.document), media_type="application/json", status_code=200)


@get(f"{API_PREFIX}/asyncapi.json", name="getAsyncApi")
@in_thread
def get_asyncapi() -> Response[bytes]:
    """Return the AsyncAPI 3.0 document: what `GET /events` sends, and the same on NATS."""
    return Response(msgspec.json.encode(asyncapi_document()), media_type="application/json", status_code=200)


@get(f"{API_PREFIX}/docs", name="getReference")
@in_thread
def get_reference(services: Served) -> Response[bytes]:
    """Return the document as a page."""
    page = render_reference(services.document)
    headers = {"Content-Security-Policy": _POLICY}
    return Response(page, media_type="text/html", status_code=200, headers=headers)


def openapi_routes() -> list[HTTPRouteHandler]:
    """Return the routes of the descriptions."""
    return [get_openapi, get_asyncapi, get_reference]
