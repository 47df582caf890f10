"""The studio's page and its files, where they are built; else a word of how to get them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from persopt.domain.errors import NotFoundError
from persopt.server.files import send_file
from persopt.server.path_guard import safe_join
from persopt.server.routes.parameters import AnyRequest, PathText, Served, in_thread
from persopt.server.studio_page import BUILD_HINT

__all__ = ("studio_routes",)

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


@get("/", name="getStudio")
@in_thread
def get_studio(request: AnyRequest, services: Served) -> Response[Any]:
    """Return the studio's page."""
    if services.options.static is None:
        text = f"persopt serves its API under /api/optimization. The studio is not built: {BUILD_HINT}.\n"
        return Response(text.encode(), media_type="text/plain", status_code=200)
    return _send(request, services, services.options.static, "index.html")


@get("/studio/{name:path}", name="getStudioFile")
@in_thread
def get_studio_file(request: AnyRequest, services: Served, name: PathText) -> Response[Any]:
    """Return a file of the studio's page."""
    if services.options.static is None:
        raise NotFoundError("the studio is not built", hint=BUILD_HINT)
    return _send(request, services, services.options.static, str(name).removeprefix("/"))


def studio_routes() -> list[HTTPRouteHandler]:
    """Return the routes of the page."""
    return [get_studio, get_studio_file]


def _send(request: AnyRequest, services: Served, folder: Path, name: str) -> Response[Any]:
    path = safe_join(folder, name)
    if path is None:
        raise NotFoundError(f"the studio has no file {name[:80]!r}")
    answer = send_file(request, path, services.checksums)
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["Content-Disposition"] = "inline"
    return answer
