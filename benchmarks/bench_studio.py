"""How good does Lighthouse find the studio's pages on a slow phone?"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

LIGHTHOUSE: Final = os.environ.get("LIGHTHOUSE", "lighthouse@12.8.2")
"""What npx runs, fetched when it is first wanted (the last one for Node 20), or the path of an installed one."""
RUNS: Final = 3
TRIES: Final = 3
"""Now and then Lighthouse records no trace, and says to run it again."""
VIEWS: Final = ("tuning", "pruning", "quantization", "comparison", "jobs")
CATEGORIES: Final = {
    "performance": "performance",
    "accessibility": "accessibility",
    "best-practices": "best practices",
}
ROOT: Final = Path(__file__).parents[1]
CHROME_FLAGS: Final = "--headless=new --no-sandbox"


def main() -> None:
    """Describe the benchmark, or measure one view."""
    print(json.dumps(describe() if sys.argv[1] == "describe" else {"row": measure(sys.argv[1])}))


def describe() -> dict[str, Any]:
    """Return the question, how it is asked, and the views; none where npx, Chromium or the built page is missing."""
    page = ROOT / "src/persopt/server/static/index.html"
    missing = [name for name, found in (("npx", shutil.which("npx")), ("Chromium", find_chromium())) if not found]
    missing += [] if page.is_file() else ["the built page (`make studio`)"]
    how = (
        f"Lighthouse's phone profile (slow 4G and a processor four times as slow, simulated), medians of {RUNS} runs "
        "against a real `persopt studio` with models and data sets; scores of 100."
    )
    if missing:
        how = f"Not measured: this machine has no {' and no '.join(missing)}."
    return {"question": str(__doc__), "how": how, "contestants": [] if missing else list(VIEWS), "rounds": 1}


def measure(view: str) -> dict[str, str]:
    """Return the scores of a view and what they come from, by the names of the columns."""
    with studio() as url, tempfile.TemporaryDirectory() as folder:
        reports = [look(f"{url}/studio/{view}", Path(folder) / f"{run}.json") for run in range(RUNS)]
    row = {
        name: f"{statistics.median(report['categories'][key]['score'] for report in reports) * 100:.0f}"
        for key, name in CATEGORIES.items()
    }

    def middle(audit: str) -> float:
        return statistics.median(float(report["audits"][audit]["numericValue"]) for report in reports)

    row["largest paint"] = f"{middle('largest-contentful-paint') / 1000:.2f} s"
    row["blocked"] = f"{middle('total-blocking-time'):.0f} ms"
    row["layout shift"] = f"{middle('cumulative-layout-shift'):.3f}"
    row["sent"] = f"{middle('total-byte-weight') / 1024:.0f} KiB"
    return row


def look(url: str, file: Path) -> dict[str, Any]:
    """Return Lighthouse's report of a page."""
    command = [LIGHTHOUSE] if Path(LIGHTHOUSE).is_file() else ["npx", "--yes", LIGHTHOUSE]
    command += [url, "--quiet", "--output=json", f"--output-path={file}", f"--chrome-flags={CHROME_FLAGS}"]
    command += [f"--only-categories={','.join(CATEGORIES)}"]
    environment = {**os.environ, "CHROME_PATH": str(find_chromium())}
    for _ in range(TRIES):
        done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
        report: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
        if done.returncode == 0 and not report.get("runtimeError"):
            return report
        file.unlink(missing_ok=True)
    said = report.get("runtimeError", {}).get("message", "")
    raise SystemExit(f"Lighthouse could not look at {url}: {said or done.stderr}")


@contextlib.contextmanager
def studio() -> Iterator[str]:
    """Serve the studio over a workspace with tiny models and data, and yield its address."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "web/tests/serve.py"), "--home", f"{folder}/home"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                yield read_address(process)
            finally:
                process.send_signal(signal.SIGINT)
                process.wait()


def read_address(process: subprocess.Popen[str]) -> str:
    """Return the address that a server tells when it is ready."""
    if process.stderr is None:
        raise SystemExit("the server's words are not heard")
    said = ""
    for line in process.stderr:
        said += line
        if " is served" in line:
            return line.split("/api/")[0].split()[-1]
    raise SystemExit(f"the server has ended:\n{said}")


def find_chromium() -> str | None:
    """Return the browser that is looked with; `PERSOPT_CHROMIUM` names another."""
    named = os.environ.get("PERSOPT_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("google-chrome")


if __name__ == "__main__":
    main()
