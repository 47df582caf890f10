"""Which quantized model is fastest here, and what does it cost?

Run by itself: `python -m benchmarks.bench_quantization OUT --model MODEL --data DATA`, or with `PERSOPT_BENCH_MODEL`
and `PERSOPT_BENCH_REVIEWS` (see `benchmarks.reviews`). What is done lies in OUT; a run that was ended goes on there.

MODEL is tuned on the reviews, and each contestant makes its model of the tuned one. Then all are loaded, each in a
process of its own, and asked in turn, round after round, for a few calls: whatever else the machine does meets all
alike, and the ratio to the reference of the same round is what counts.
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
from typing import Any, Final

from benchmarks.quantization_ours import OURS
from benchmarks.quantization_peers import PEERS, REFERENCE, folder_of
from benchmarks.reviews import describe_if_asked, make_parser, prepare
from persopt.measure.paired_latency import median_interval

QUESTION: Final = "Which quantized model is fastest here, and what does it cost?"
HOW: Final = (
    "Needs a model and a data set of reviews, so it is run by itself: `python -m benchmarks.bench_quantization OUT "
    "--model MODEL --data DATA`. Speed against PyTorch fp32 in turn, size on disk, accuracy."
)
SHAPES: Final = ((1, 32), (1, 128), (16, 64))


def main() -> None:
    """Make what is not there yet, measure, print a Markdown table."""
    if describe_if_asked(QUESTION, HOW):
        return
    parser = make_parser(QUESTION, rows=1500, validation_rows=2000, epochs=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--only", nargs="+", default=[*PEERS, *OURS], help="names of contestants, or patterns: '*torch*'"
    )
    given = parser.parse_args()
    prepare(given)
    wanted = (name for name in [*PEERS, *OURS] if any(fnmatch(name, pattern) for pattern in given.only))
    names = [REFERENCE, *(name for name in wanted if name != REFERENCE)]
    ready = [name for name in names if _make(name, given)]
    print(_table(_measure(ready, given), given))


def _command(name: str, given: argparse.Namespace) -> list[str]:
    return [sys.executable, "-m", "benchmarks.quantization_server", name, str(given.out), str(given.threads)]


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


def _measure(names: Sequence[str], given: argparse.Namespace) -> dict[str, dict[str, Any]]:
    with ExitStack() as stack:
        servers = {name: _Server(name, given, stack) for name in names}
        found: dict[str, dict[str, Any]] = {name: {"times": {}} for name in names}
        for name, server in servers.items():
            found[name]["right"] = server.ask(what="judge")["right"]
            files = [file for pattern in _weights(name) for file in folder_of(name, given.out).glob(pattern)]
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


def _weights(name: str) -> tuple[str, ...]:
    return (PEERS | OURS)[name].weights


def _table(found: dict[str, dict[str, Any]], given: argparse.Namespace) -> str:
    reference = found[REFERENCE]
    heads = [f"{batch} x {length}" for batch, length in SHAPES]
    lines = [
        f"## {QUESTION}",
        "",
        f"Times as fast as PyTorch in fp32, eager, {given.threads} threads: median of {given.rounds} rounds in turn, "
        f"with the sign test's interval; rows x tokens of a call. {len(reference['right'])} validation rows.",
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


if __name__ == "__main__":
    main()
