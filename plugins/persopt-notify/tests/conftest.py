"""A place where messages arrive, and the real command beside a real workspace."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Message = dict[str, Any]


class Inbox:
    """An HTTP server of this test that Apprise's `json://` sends to.

    Attributes:
        address: As Apprise writes it.
        messages: What arrived and was taken.
        refused: What arrived and was not.
        is_open: Whether it takes messages.
    """

    def __init__(self) -> None:
        self.messages: queue.Queue[Message] = queue.Queue()
        self.refused: queue.Queue[Message] = queue.Queue()
        self.is_open = True
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                taken = inbox.is_open
                self.send_response(200 if taken else 503)
                self.end_headers()
                (inbox.messages if taken else inbox.refused).put(content)

            def log_message(self, format: str, *arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"json://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Inbox:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def next(self) -> Message:
        """Return the next message that was taken."""
        return self.messages.get(timeout=60)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """An inbox."""
    with Inbox() as opened:
        yield opened


@pytest.fixture
def other_inbox() -> Iterator[Inbox]:
    """Another inbox."""
    with Inbox() as opened:
        yield opened


Notifying = Callable[..., Any]


@pytest.fixture
def notifying(tmp_path: Path) -> Notifying:
    """Return what runs the command beside the workspace `home`, until the block ends."""

    @contextmanager
    def run(*words: str, end: signal.Signals = signal.SIGTERM) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "persopt_notify", "--home", str(tmp_path / "home"), *words]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8")
        assert process.stderr is not None
        try:
            said = []
            for line in process.stderr:
                said.append(line)
                if "listening" in line:
                    break
            assert said, "it said nothing"
            assert "listening" in said[-1], "".join(said)
            reader = threading.Thread(target=process.stderr.read)
            reader.start()
            yield process
            process.send_signal(end)
            process.wait(60)
            reader.join()
        finally:
            process.kill()
            process.wait()
            process.stderr.close()

    return run
