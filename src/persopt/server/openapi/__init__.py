"""The API described for programs and people: OpenAPI 3.1, made from the routes and the Structs themselves."""

from __future__ import annotations

from persopt.server.openapi.document import make_document

__all__ = ("make_document",)
