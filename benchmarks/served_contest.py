"""Contestants that run a model, each in a process of its own, asked in turn; and the table of what they did.

Whatever else the machine does meets all alike, and the ratio to the reference of the same round is what counts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from fnmatch import fnmatch
from typing import Any, Final, TypeAlias

from benchmarks.quantization_peers import REFERENCE, folder_of
from benchmarks.served_contestants import CONTESTANTS
from persopt.measure.paired_latency import median_interval

__all__ = ("SHAPES", "add_flags", "draw_table", "make_all", "measure_all")

SHAPES: Final = ((1, 32), (1, 128), (16, 64))
"""Rows and tokens of the calls that are timed."""

Found: TypeAlias = dict[str, dict[str, Any]]


def add_flags(parser: argparse.ArgumentParser, names: Sequence[str]) -> None:
    """Add what says who takes part, how often and with how many threads."""
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", nargs="+", default=list(names), help="names of contestants, or patterns: '*torch*'")


def make_all(given: argparse.Namespace) -> list[str]:
    """Have the contestants make their models, and return the names of those that could, the reference first."""
    wanted = [name for name in CONTESTANTS if any(fnmatch(name, pattern) for pattern in given.only)]
    names = [REFERENCE, *(name for name in wanted if name != REFERENCE)]
    return [name for name in names if _make(name, given)]


def measure_all(names: Sequence[str], given: argparse.Namespace, split: str = "validation") -> Found:
    """Load all contestants, judge them on a split of the data and time them in turn, shape by shape."""
    with ExitStack() as stack:
        servers = {name: _Server(name, given, stack) for name in names}
        found: Found = {name: {"times": {}} for name in names}
        for name, server in servers.items():
            found[name]["right"] = server.ask(what="judge", split=split)["right"]
            files = [file for pattern in CONTESTANTS[name].weights for file in folder_of(name, given.out).glob(pattern)]
            found[name]["bytes"] = sum(file.stat().st_size for file in files)
            print(f"{name}: judged", file=sys.stderr, flush=True)
        for batch, length in SHAPES:
            for name, server in servers.items():
                server.ask(what="time", batch=batch, length=length)  # warm-up, and what is compiled a shape
                found[name]["times"][batch, length] = []
            for _ in range(given.rounds):
                for name, server in servers.items():
                    answer = server.ask(what="time", batch=batch, length=length)
                    found[name]["times"][batch, length].append(answer["milliseconds"])
            print(f"{batch} x {length}: timed", file=sys.stderr, flush=True)
        return found


def draw_table(question: str, found: Found, given: argparse.Namespace, split: str = "validation") -> str:
    """Return the table in Markdown."""
    reference = found[REFERENCE]
    heads = [f"{batch} x {length}" for batch, length in SHAPES]
    lines = [
        f"## {question}",
        "",
        f"Times as fast as PyTorch in fp32, eager, {given.threads} threads: median of {given.rounds} rounds in turn, "
        f"with the sign test's interval; rows x tokens of a call. {len(reference['right'])} {split} rows.",
        "",
        f"| | {' | '.join(heads)} | MB of weights | of fp32 | accuracy | points |",
        "|---" * (len(heads) + 5) + "|",
    ]
    before = statistics.mean(reference["right"])
    for name, row in found.items():
        speeds = [_ratio(reference["times"][shape], row["times"][shape]) for shape in SHAPES]
        accuracy = statistics.mean(row["right"])
        lines.append(
            f"| {name} | {' | '.join(speeds)} | {row['bytes'] / 1e6:.1f} | {row['bytes'] / reference['bytes']:.1%} "
            f"| {accuracy:.4f} | {100 * (accuracy - before):+.2f} |"
        )
    times = ", ".join(
        f"{statistics.median(reference['times'][shape]):.2f} ms ({shape[0]} x {shape[1]})" for shape in SHAPES
    )
    return "\n".join([*lines, "", f"The reference takes {times}."])


def _ratio(reference: list[float], times: list[float]) -> str:
    ratios = [one / other for one, other in zip(reference, times, strict=True)]
    low, high, _ = median_interval(ratios)
    return f"{statistics.median(ratios):.2f} ({low:.2f}-{high:.2f})"


def _command(name: str, given: argparse.Namespace) -> list[str]:
    return [sys.executable, "-m", "benchmarks.contestant_server", name, str(given.out), str(given.threads)]


def _make(name: str, given: argparse.Namespace) -> bool:
    """Have a contestant make its model; tell and leave it out if it cannot."""
    if folder_of(name, given.out).exists():
        return True
    done = subprocess.run([*_command(name, given), "make"], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{name} failed:\n{done.stderr[-2000:]}", file=sys.stderr)
    return done.returncode == 0


class _Server:
    """A contestant's process."""

    def __init__(self, name: str, given: argparse.Namespace, stack: ExitStack) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": str(given.threads)}
        self._process = stack.enter_context(
            subprocess.Popen(
                _command(name, given),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment,
            )
        )
        assert self._process.stdin is not None
        stack.callback(self._process.stdin.close)

    def ask(self, **asked: Any) -> dict[str, Any]:
        """Ask and wait for the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        while line := self._process.stdout.readline():
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise SystemExit(f"a contestant died when it was asked for {asked}")
