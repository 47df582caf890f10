"""Files as answers: streamed in pieces, with ranges, a checksum, and nothing that a browser would run."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response
from litestar.response import Stream

from persopt.server.checksums import Checksums
from persopt.server.ranges import read_range

__all__ = ("send_file",)

_PIECE: Final = 1 << 18
_SHOWN: Final = ("text/html", "image/svg+xml", "image/png", "application/json", "text/csv", "text/plain")
_SANDBOX: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'none'"
)
_TYPES: Final = {".jsonl": "application/jsonl", ".safetensors": "application/octet-stream", ".md": "text/plain"}


def send_file(request: Request[Any, Any, Any], path: Path, checksums: Checksums) -> Response[Any]:
    """Answer with a file or the range of it that is asked for.

    `ETag` and `Repr-Digest` (RFC 9530) are its SHA-256; `If-None-Match` and `If-Range` go by it.

    Raises:
        ProblemError: if the range is not in the file.
        OSError: if it cannot be read.
    """
    digest, size = checksums.digest(path), path.stat().st_size
    etag = f'"{digest.hex()}"'
    headers = {
        "ETag": etag,
        "Repr-Digest": f"sha-256=:{base64.b64encode(digest).decode()}:",
        "Accept-Ranges": "bytes",
        "Last-Modified": formatdate(path.stat().st_mtime, usegmt=True),
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": _SANDBOX,
    }
    if etag in _tags(request.headers.get("if-none-match", "")):
        return Response(b"", status_code=304, headers=headers)
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers["Content-Disposition"] = "inline" if kind in _SHOWN else "attachment"
    condition = request.headers.get("if-range")
    wanted = request.headers.get("range") if condition in (None, etag) else None
    part = read_range(wanted, size)
    first, last = part or (0, size - 1)
    headers["Content-Length"] = str(last - first + 1)
    if part is not None:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Stream(
        _read(path, first, last - first + 1), status_code=200 if part is None else 206, media_type=kind, headers=headers
    )


def _tags(header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]


def _read(path: Path, first: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        while length > 0 and (piece := file.read(min(_PIECE, length))):
            length -= len(piece)
            yield piece
