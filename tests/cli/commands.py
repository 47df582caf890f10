"""Running the installed `persopt` command as users do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

PERSOPT = str(Path(sys.executable).with_name("persopt"))

FUNCTIONS = '''
"""Functions to tune."""

import threading
from pathlib import Path


def square(params, trial):
    print("x is", params["x"])
    trial.report(1, value=1.0)
    return {"value": params["x"] ** 2, "خطا": float(params["x"])}


def broken(params, trial):
    raise ValueError("no luck")


def endless(params, trial):
    Path(params["mark"]).write_text("running", "utf-8")
    while True:
        threading.Event().wait(0.05)
        trial.report(1, value=1.0)
'''


def run_persopt(
    *words: str, env: Mapping[str, str] | None = None, stdin: str | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, in the current folder; the workspace is `home` there."""
    return subprocess.run(
        [PERSOPT, *words],
        env=environment(env),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def start_persopt(*words: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start the command; the caller ends it."""
    return subprocess.Popen(
        [PERSOPT, *words], env=environment(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables of a command: those of the tests, and a workspace in the current folder."""
    return {**os.environ, "PERSOPT_HOME": "home", **(extra or {})}


def one_object(result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the one JSON object that is all of standard output."""
    decoded: dict[str, Any] = msgspec.json.decode(result.stdout, type=dict[str, Any])
    return decoded


def write_functions(folder: Path) -> None:
    """Write the module `tried` with functions to tune."""
    (folder / "tried.py").write_text(FUNCTIONS, "utf-8")
