from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "datasets", "sklearn", "tokenizers", "faker")


@pytest.mark.parametrize(
    "module",
    [
        "persopt.quickstart",
        "persopt.tuning.defaults",
        "persopt.tuning.environment",
        "persopt.tuning.tasks",
        "persopt.tuning.training",
    ],
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []
