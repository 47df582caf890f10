"""A server on loopback that speaks as much of the Hugging Face hub's protocol as a download needs."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

COMMIT: Final = "0123456789" * 4


@contextmanager
def serve_hub(repositories: dict[str, Path]) -> Iterator[str]:
    """Serve folders as repositories and give the endpoint's URL.

    Args:
        repositories: Folder by `models/owner/name` or `datasets/owner/name`.
    """
    server = _Server(repositories)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def __init__(self, repositories: dict[str, Path]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories = repositories


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].removeprefix("/")
        api = path.startswith("api/")
        path = path.removeprefix("api/")
        if not api and not path.startswith("datasets/"):
            path = f"models/{path}"
        kind, owner, repository, *rest = path.split("/") + [""] * 3
        folder = self.server.repositories.get(f"{kind}/{owner}/{repository}")
        if folder is None:
            self._answer(401, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif not api:
            self._send_file(folder / "/".join(rest[2:]).rstrip("/"))
        elif rest[0] == "tree":
            listing = _list(folder, recursive="recursive=true" in self.path.lower())
            self._answer(200, json.dumps(listing).encode())
        else:
            siblings = [{"rfilename": entry["path"]} for entry in _list(folder, recursive=True)]
            info = {"id": f"{owner}/{repository}", "sha": COMMIT, "siblings": siblings, "tags": [], "private": False}
            self._answer(200, json.dumps(info).encode())

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def _send_file(self, file: Path) -> None:
        headers = {"X-Repo-Commit": COMMIT}
        if file.is_file():
            content = file.read_bytes()
            self._answer(200, content, headers | {"ETag": f'"{hashlib.sha1(content).hexdigest()}"'})  # noqa: S324 - as git
        else:
            self._answer(404, b"", headers | {"X-Error-Code": "EntryNotFound"})

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep silent."""


def _list(folder: Path, *, recursive: bool) -> list[dict[str, object]]:
    items = sorted(folder.rglob("*") if recursive else folder.iterdir())
    return [
        {
            "type": "file" if item.is_file() else "directory",
            "path": str(item.relative_to(folder)),
            "size": item.stat().st_size,
            "oid": hashlib.sha1(item.read_bytes() if item.is_file() else b"").hexdigest(),  # noqa: S324 - as git
        }
        for item in items
    ]
