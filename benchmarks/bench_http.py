"""How fast does the HTTP API answer with 10,000 jobs and 100,000 trials in its store?

Each route is measured beside a bare Litestar route (no gate, no thread, no store) in the same run.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Litestar, get

from benchmarks.bench_http_events import RATE as EVENTS
from benchmarks.bench_http_events import start
from benchmarks.http_material import JOBS, TRIALS, open_workspace
from persopt.runtime import Runtime
from persopt.server.app import make_app
from persopt.server.gate import Gate
from persopt.server.options import API_PREFIX
from persopt.server.serving import HttpServer, open_socket

CONNECTIONS: Final = 64
SECONDS: Final = 5.0
RATE: Final = 500
FUNCTION: Final = {"function": "math:sqrt", "config": {"x": {"min": 0, "max": 1}}, "objectives": [{"metric": "value"}]}
ROUTES: Final[dict[str, dict[str, Any]]] = {
    "list of 50": {"path": f"{API_PREFIX}/jobs?limit=50"},
    "list of 50, while a job reports": {"path": f"{API_PREFIX}/jobs?limit=50", "writing": True},
    "page of 50 in the middle": {"path": f"{API_PREFIX}/jobs?limit=50&cursor={{cursor}}"},
    "one job": {"path": f"{API_PREFIX}/jobs/{{id}}"},
    "trials of a job": {"path": f"{API_PREFIX}/jobs/{{id}}/trials"},
    "metrics": {"path": f"{API_PREFIX}/metrics"},
    "create": {"method": "POST", "path": f"{API_PREFIX}/jobs", "body": json.dumps(FUNCTION), "status": 202},
}
QUESTION: Final = f"How fast is the HTTP API with {JOBS:,} jobs and {JOBS * TRIALS:,} trials?"
HOW: Final = (
    f"SQLite; {CONNECTIONS} connections that are kept, {SECONDS:g} s each, a client in a process of its own. "
    f"While a job reports, another process writes {EVENTS // 2} transactions a second. "
    f"In the last three columns requests come at a fixed {RATE} a second; times count from the moment that was due. "
    "`bare` is a Litestar route that returns five bytes, served by the same uvicorn in the same run."
)


@get("/bare")
async def bare() -> bytes:
    """Return next to nothing."""
    return b"hello"


class _Bare(Gate):
    """Litestar with nothing around it."""

    def __init__(self) -> None:
        self.app = Litestar([bare], openapi_config=None, logging_config=None)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)

    def close_streams(self) -> None:
        """Do nothing: there are none."""


def measure(name: str) -> dict[str, str]:
    """Return the row of one route."""
    with tempfile.TemporaryDirectory() as folder, open_workspace(Path(folder)) as runtime:
        plan = _fill_in(ROUTES[name], runtime)
        with (
            HttpServer(_Bare(), open_socket("127.0.0.1", 0)) as simple,
            HttpServer(make_app(runtime), open_socket("127.0.0.1", 0)) as server,
        ):
            least = load(simple.url, path="/bare")
            writing = plan.pop("writing", False)
            with _reporting(runtime) if writing else contextlib.nullcontext():
                found = load(server.url, **plan)
            with _reporting(runtime) if writing else contextlib.nullcontext():
                at_rate = None if name == "create" else load(server.url, **plan, rate=RATE)
    return {
        "requests/s": f"{found['rate']:.0f}",
        "bare, requests/s": f"{least['rate']:.0f}",
        "times bare": f"{least['rate'] / found['rate']:.2f}",
        "p50": f"{found['p50']:.1f} ms",
        "p99": f"{found['p99']:.1f} ms",
        f"at {RATE}/s: answered": "" if at_rate is None else f"{at_rate['rate']:.0f}/s",
        "p50 ": "" if at_rate is None else f"{at_rate['p50']:.1f} ms",
        "p99 ": "" if at_rate is None else f"{at_rate['p99']:.1f} ms",
    }


def load(url: str, **plan: Any) -> dict[str, float]:
    """Let a client in a process of its own ask; return its rate and its times in milliseconds."""
    place = urlsplit(url)
    whole = {
        "host": place.hostname,
        "port": place.port,
        "method": "GET",
        "status": 200,
        "connections": CONNECTIONS,
        "seconds": SECONDS,
        **plan,
    }
    command = [sys.executable, "-m", "benchmarks.http_load", json.dumps(whole)]
    done = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


@contextlib.contextmanager
def _reporting(runtime: Runtime) -> Iterator[None]:
    """Let a job report from another process while the block runs."""
    writer = start("write", runtime.settings.store_url)
    try:
        yield
    finally:
        writer.terminate()
        writer.wait()


def _fill_in(route: dict[str, Any], runtime: Runtime) -> dict[str, Any]:
    from persopt.server.paging import job_cursor

    middle = runtime.kernel.jobs(limit=1, offset=JOBS // 2)[0]
    path = route["path"].replace("{id}", middle.id).replace("{cursor}", job_cursor(middle))
    return {**route, "path": path}


def main() -> None:
    """Describe the benchmark, or measure the route that is named."""
    if sys.argv[1] == "describe":
        print(json.dumps({"question": QUESTION, "how": HOW, "contestants": list(ROUTES), "rounds": 1}))
        return
    print(json.dumps({"row": measure(sys.argv[1])}))


if __name__ == "__main__":
    main()
