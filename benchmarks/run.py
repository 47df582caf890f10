"""Run every benchmark and print one Markdown document: `python -m benchmarks.run [NAME ...]`.

Each contestant of a benchmark runs in a fresh process and measures itself from inside; contestants take turns
(A B A B ...), so that a drift of the machine meets all alike.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
ROUNDS: Final = 5

Rows = list[dict[str, Any]]


def main() -> None:
    """Print the tables of the benchmarks named on the command line, or of all."""
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("bench_*.py"))
    print(f"# Benchmarks\n\n{_machine()}\n")
    for name in names:
        print(_table(name.removeprefix("bench_")), flush=True)


def _machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("persopt", "optuna", "torch", "transformers"))
    machine = f"Python {platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores"
    return f"{machine}, {versions}; medians of {ROUNDS} rounds in turn."


def _table(name: str) -> str:
    path = HERE / f"bench_{name}.py"
    described = json.loads(_call(path, "describe"))
    results: dict[str, Rows] = {contestant: [] for contestant in described["contestants"]}
    for _ in range(described.get("rounds", ROUNDS)):
        for contestant in described["contestants"]:
            results[contestant].append(json.loads(_call(path, contestant).splitlines()[-1]))
    return _markdown(described, results)


def _call(path: Path, contestant: str) -> str:
    command = [sys.executable, "-m", f"benchmarks.{path.stem}", contestant]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{path.name} {contestant} failed:\n{done.stderr}")
    return done.stdout


def _markdown(described: dict[str, Any], results: dict[str, Rows]) -> str:
    if not results:  # it needs data that do not come with the project
        return f"## {described['question']}\n\n{described['how']}\n"
    first, *_ = results
    if "row" in results[first][0]:
        return _scores(described, results)
    lines = [f"## {described['question']}", "", described["how"], ""]
    lines += [f"| | seconds, median (min-max) | {first} takes | peak memory |", "|---|---|---|---|"]
    for contestant, rows in results.items():
        seconds = [row["seconds"] for row in rows]
        ratios = [other["seconds"] / row["seconds"] for row, other in zip(rows, results[first], strict=True)]
        ratio = f"{statistics.median(ratios):.2f} times as long ({min(ratios):.2f}-{max(ratios):.2f})"
        spread = f"{statistics.median(seconds):.3f} ({min(seconds):.3f}-{max(seconds):.3f})"
        peak = statistics.median(row["peak"] for row in rows) / 2**20
        shown = "" if contestant == first else ratio
        lines.append(f"| {contestant} | {spread} | {shown} | {peak:.0f} MiB |")
    return "\n".join([*lines, ""])


def _scores(described: dict[str, Any], results: dict[str, Rows]) -> str:
    """Return the table of a benchmark that measures something else than seconds, and names its columns itself."""
    columns = list(next(iter(results.values()))[0]["row"])
    lines = [f"## {described['question']}", "", described["how"], ""]
    lines += [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for contestant, rows in results.items():
        lines.append(f"| {contestant} | {' | '.join(rows[0]['row'][column] for column in columns)} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
