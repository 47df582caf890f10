"""Functions that tests tune: quick, failing, endless, deadly. Workers import them by name from this folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any


def square(params: dict[str, Any], trial: Any) -> float:
    """Return x squared after one report."""
    trial.report(1, value=0.5)
    return float(params["x"]) ** 2


def two_metrics(params: dict[str, Any], trial: Any) -> dict[str, float]:
    """Return two metrics."""
    return {"accuracy": 1 - float(params["x"]) ** 2, "loss": float(params["x"]) ** 2 + trial.number * 0}


def conflict(params: dict[str, Any], _: Any) -> dict[str, float]:
    """Return a distance and a height that are not low together, and their product."""
    near, low = (params["x"] - 3) ** 2, params["x"]
    return {"near": near, "low": low, "product": near * low}


def endless(_: dict[str, Any], trial: Any) -> float:
    """Report until the trial is asked to end."""
    pause = threading.Event()
    step = 0
    while True:
        step += 1
        trial.report(step, value=float(step))
        pause.wait(0.01)


def deaf(_: dict[str, Any], trial: Any) -> float:
    """Report once, then never look at anything again."""
    trial.report(1, value=3.0)
    threading.Event().wait()
    return 0.0


def suicide(_: dict[str, Any], __: Any) -> float:
    """Kill the worker."""
    os.kill(os.getpid(), signal.SIGKILL)
    return 0.0


def dies_first(params: dict[str, Any], trial: Any) -> float:
    """Kill the worker at the first attempt, succeed at the second."""
    if trial.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return float(params["x"])


def grid_point(params: dict[str, Any], trial: Any) -> float:
    """Succeed at once, at the second attempt (a = 2), or never (a = 3, c = yes)."""
    if params["a"] == 2 and trial.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if params["a"] == 3 and params["c"] == "yes":
        raise ZeroDivisionError("no such point")
    return float(params["a"]) + float(params["b"])


def fails(_: dict[str, Any], __: Any) -> float:
    """Raise."""
    raise ZeroDivisionError("no such number")


def exits(_: dict[str, Any], __: Any) -> float:
    """Raise SystemExit."""
    raise SystemExit(3)


def returns_text(_: dict[str, Any], __: Any) -> str:
    """Return what is not a number."""
    return "good"


def prints(_: dict[str, Any], trial: Any) -> float:
    """Write to standard output and to the descriptor below it."""
    print("from Python: سلام")  # noqa: T201 - this is what is tested
    os.write(1, b"from the descriptor\n")
    return float(trial.number)


def recorded(params: dict[str, Any], trial: Any) -> float:
    """Work for about 20 ms in four reported steps, leaving a line in `runs.txt` at the start and at the end.

    The job's folder is two above the trial's.
    """
    runs = Path(trial.folder).parent.parent / "runs.txt"
    _append(runs, f"start {trial.number} {trial.attempt}")
    pause = threading.Event()
    for step in range(1, 5):
        pause.wait(0.005)
        trial.report(step, value=step * float(params["x"]))
    _append(runs, f"end {trial.number} {trial.attempt}")
    return (float(params["x"]) - 0.3) ** 2


def leaves_a_process(_: dict[str, Any], trial: Any) -> float:
    """Start a process that never ends, note its number in `left.txt` of the job's folder, and return."""
    left = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
    _append(Path(trial.folder).parent.parent / "left.txt", str(left.pid))
    return 1.0


def forks_and_dies(_: dict[str, Any], trial: Any) -> float:
    """Fork a process that never ends, note its number in `left.txt` beside the trial's folder, kill the worker."""
    left = os.fork()
    if left == 0:
        threading.Event().wait()
    _append(Path(trial.folder).parent / "left.txt", str(left))
    os.kill(os.getpid(), signal.SIGKILL)
    return 0.0


def _append(path: Path, line: str) -> None:
    with path.open("a") as file:  # one short write in append mode is not torn
        file.write(line + "\n")
