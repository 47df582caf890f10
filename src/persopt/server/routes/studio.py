"""The studio's page and its files, where they are built; else a word of how to get them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any, Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from persopt.domain.errors import NotFoundError
from persopt.server.files import send_file
from persopt.server.path_guard import safe_join
from persopt.server.routes.parameters import AnyRequest, PathText, Served, in_thread
from persopt.server.studio_page import BUILD_HINT, find_page

__all__ = ("studio_routes",)

_PAGE: Final = "index.html"
_VIEW_PAGE: Final = "pages/{view}.html"
"""The same page, which fetches the script and the texts of a view at once; the build makes one for each."""
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_HASHED: Final = "assets/"
"""What lies there carries a hash of its content in its name, so a copy of it is right for ever."""
_FOREVER: Final = "public, max-age=31536000, immutable"
_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
"""Forms that the build put beside a file, the smaller one first."""


@get("/", name="getStudio")
@in_thread
def get_studio(request: AnyRequest, services: Served) -> Response[Any]:
    """Return the studio's page."""
    if services.options.static is None:
        page = "`persopt studio` serves its page too" if find_page() else f"The studio is not built: {BUILD_HINT}"
        return Response(
            f"persopt serves its API under /api/optimization. {page}.\n".encode(),
            media_type="text/plain",
            status_code=200,
        )
    return _send(request, services, services.options.static, _PAGE)


@get("/studio/{name:path}", name="getStudioFile")
@in_thread
def get_studio_file(request: AnyRequest, services: Served, name: PathText) -> Response[Any]:
    """Return a file of the studio's page; the page itself for an address inside it, such as `jobs/ID`."""
    folder = services.options.static
    if folder is None:
        raise NotFoundError("the studio is not built", hint=BUILD_HINT)
    wanted = str(name).removeprefix("/")
    is_place = "." not in wanted and not wanted.startswith(_HASHED)
    return _send(request, services, folder, _find_page(folder, wanted) if is_place else wanted)


def studio_routes() -> list[HTTPRouteHandler]:
    """Return the routes of the page."""
    return [get_studio, get_studio_file]


def _find_page(folder: Path, place: str) -> str:
    """Return the page of the view that a place is in; the plain one for places that no view has."""
    page = _VIEW_PAGE.format(view=place.partition("/")[0])
    return page if safe_join(folder, page) else _PAGE


def _send(request: AnyRequest, services: Served, folder: Path, name: str) -> Response[Any]:
    path = safe_join(folder, name)
    if path is None:
        raise NotFoundError(f"the studio has no file {name[:80]!r}")
    encoding, sent = _choose_encoding(request, path)
    answer = send_file(request, sent, services.checksums)
    answer.media_type = _TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")
    if encoding is not None:
        answer.headers["Content-Encoding"] = encoding
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["Content-Disposition"] = "inline"
    if name.startswith(_HASHED):
        answer.headers["Cache-Control"] = _FOREVER
    return answer


def _choose_encoding(request: AnyRequest, path: Path) -> tuple[str | None, Path]:
    """Return the smallest form of a file that the client takes, and how it is called; ranges are of the plain one."""
    if "range" in request.headers:
        return None, path
    taken = {part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    for encoding, suffix in _ENCODINGS.items():
        packed = path.with_name(path.name + suffix)
        if encoding in taken and packed.is_file():
            return encoding, packed
    return None, path
