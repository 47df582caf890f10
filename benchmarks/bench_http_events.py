"""How late do events reach 200 readers at once, and what memory does the server take for them?"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import psutil

from benchmarks.http_material import make_job
from persopt.domain.jobs import Progress
from persopt.domain.trials import Report, TrialRecord
from persopt.kernel.leases import make_lease
from persopt.kernel.store import Store
from persopt.runtime import Runtime
from persopt.server.app import make_app
from persopt.server.options import API_PREFIX
from persopt.server.serving import HttpServer, open_socket
from persopt.settings import load_settings

STREAMS: Final = 200
RATE: Final = 50
SECONDS: Final = 10
COUNT: Final = RATE * SECONDS
REPORTS: Final = COUNT // 2
"""A transaction tells of a report and of the job's progress: two events."""
QUESTION: Final = f"How late do {RATE} events a second reach {STREAMS} readers of `GET /events`?"
HOW: Final = (
    f"{COUNT} events, {RATE} a second, two in a transaction, written by another process; the lag of one counts from "
    "the time in it, taken before its commit, to its arrival at a reader, through outbox, relay, JetStream and HTTP. "
    "The readers are one process. Memory is the server's, before the first reader and with all of them at the end."
)
_ROOT: Final = Path(__file__).parent.parent


def measure(streams: int) -> dict[str, str]:
    """Return the row for a number of readers."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings({}, home=folder)
        with (
            Runtime.open(settings) as runtime,
            runtime.relaying(),
            HttpServer(make_app(runtime), open_socket("127.0.0.1", 0)) as server,
        ):
            before = psutil.Process().memory_info().rss
            place = server.url.removeprefix("http://").split(":")
            reader = start("read", place[0], place[1], str(streams))
            assert reader.stdout is not None
            reader.stdout.readline()  # all are connected
            writer = start("write", settings.store_url)
            writer.communicate()
            result = json.loads(reader.communicate()[0])
            after = psutil.Process().memory_info().rss
    return {
        "events delivered": f"{result['count']:,} of {streams * COUNT:,}",
        "lag p50": f"{result['p50']:.0f} ms",
        "lag p99": f"{result['p99']:.0f} ms",
        "memory before": f"{before / 2**20:.0f} MiB",
        "memory with readers": f"{after / 2**20:.0f} MiB",
    }


def start(*words: str) -> subprocess.Popen[str]:
    """Start this benchmark as another process with these words."""
    command = [sys.executable, "-m", "benchmarks.bench_http_events", *words]
    return subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)


def write(url: str) -> None:
    """Run a job in name only: one trial that reports at the rate."""
    with Store.open(url) as store:
        job = msgspec.structs.replace(make_job(0), state="queued", started_at=None, finished_at=None, result=None)
        store.create_job(job)
        lease = make_lease(1, 600.0)
        store.claim_job(lease, job_id=job.id)
        writer = store.writer(job.id, lease.token, 600.0)
        writer.start_trial(TrialRecord(number=0, state="running", params={"x": 1}))
        begun = time.perf_counter()
        pause = threading.Event()
        for step in range(REPORTS):
            pause.wait(max(0.0, begun + 2 * step / RATE - time.perf_counter()))
            writer.save_reports([Report(number=0, step=step, metrics={"loss": 0.5})], Progress(done=0, total=1))


async def read(host: str, port: int, streams: int) -> None:
    """Read until each stream has had all events of reports; print the lags."""
    lags: list[float] = []
    connected = asyncio.Barrier(streams + 1)

    async def follow() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        request = f"GET {API_PREFIX}/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
        writer.write(request.encode())
        await reader.readuntil(b"retry: 2000\n\n")
        await connected.wait()
        left = COUNT
        while left:
            line = await reader.readline()
            if line.startswith(b"data: ") and (
                b'"persopt.trial.reported"' in line or b'"persopt.job.progress"' in line
            ):
                now = datetime.now(UTC)
                lags.append((now - datetime.fromisoformat(json.loads(line[6:])["time"])).total_seconds())
                left -= 1
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(streams):
            group.create_task(follow())
        await connected.wait()
        print("ready", flush=True)
    cuts = statistics.quantiles(lags, n=100)
    print(json.dumps({"count": len(lags), "p50": 1000 * cuts[49], "p99": 1000 * cuts[98]}))


def main() -> None:
    """Describe the benchmark, measure one number of readers, or be one of its processes."""
    match sys.argv[1:]:
        case ["describe"]:
            names = ["1 reader", f"{STREAMS} readers"]
            print(json.dumps({"question": QUESTION, "how": HOW, "contestants": names, "rounds": 1}))
        case ["read", host, port, streams]:
            asyncio.run(read(host, int(port), int(streams)))
        case ["write", url]:
            write(url)
        case [name]:
            print(json.dumps({"row": measure(int(name.split()[0]))}))


if __name__ == "__main__":
    main()
