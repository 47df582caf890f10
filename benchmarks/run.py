"""Run every benchmark and print one Markdown document: `python benchmarks/run.py [NAME ...]`.

Each contestant of a benchmark runs in a fresh process and measures itself from inside; contestants take turns
(A B A B ...), so that a drift of the machine meets all alike.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
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
    return f"Python {platform.python_version()} on {platform.machine()}, {versions}; medians of {ROUNDS} rounds in turn."


def _table(name: str) -> str:
    path = HERE / f"bench_{name}.py"
    described = json.loads(_call(path, "describe"))
    results: dict[str, Rows] = {contestant: [] for contestant in described["contestants"]}
    for _ in range(ROUNDS):
        for contestant in described["contestants"]:
            results[contestant].append(json.loads(_call(path, contestant).splitlines()[-1]))
    return _markdown(described, results)


def _call(path: Path, contestant: str) -> str:
    done = subprocess.run([sys.executable, str(path), contestant], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{path.name} {contestant} failed:\n{done.stderr}")
    return done.stdout


def _markdown(described: dict[str, Any], results: dict[str, Rows]) -> str:
    first, *_ = results
    lines = [f"## {described['question']}", "", described["how"], "", "| | seconds, median (min-max) | ratio | peak memory |"]
    lines.append("|---|---|---|---|")
    for contestant, rows in results.items():
        seconds = [row["seconds"] for row in rows]
        ratios = [other["seconds"] / row["seconds"] for row, other in zip(rows, results[first], strict=True)]
        ratio = "1" if contestant == first else f"{statistics.median(ratios):.2f} of it ({min(ratios):.2f}-{max(ratios):.2f})"
        spread = f"{statistics.median(seconds):.3f} ({min(seconds):.3f}-{max(seconds):.3f})"
        peak = statistics.median(row["peak"] for row in rows) / 2**20
        lines.append(f"| {contestant} | {spread} | {ratio} | {peak:.0f} MiB |")
    return "\n".join([*lines, ""])


def contest(question: str, how: str, contestants: dict[str, Callable[[], float]]) -> None:
    """Be the main function of a benchmark: describe it, or run the contestant named on the command line.

    Args:
        question: What the benchmark answers.
        how: What exactly is timed.
        contestants: By name, functions that do the work and return its seconds.
    """
    import resource

    wanted = sys.argv[1]
    if wanted == "describe":
        print(json.dumps({"question": question, "how": how, "contestants": list(contestants)}))
        return
    seconds = contestants[wanted]()
    usage = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"seconds": seconds, "peak": usage * 1024}))


if __name__ == "__main__":
    main()
