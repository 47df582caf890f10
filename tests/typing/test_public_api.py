"""The public API is typed: mypy, run on a file of uses, reveals what stands in its comments."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

USES: Final = Path(__file__).with_name("public_api.py")
PROJECT: Final = USES.parents[2]


def test_mypy_reveals_the_types_in_the_comments() -> None:
    command = [sys.executable, "-m", "mypy", "--no-error-summary", str(USES.relative_to(PROJECT))]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    revealed = {
        int(line): text
        for line, text in re.findall(r"public_api\.py:(\d+): note: Revealed type is \"(.*)\"", done.stdout)
    }
    expected = {
        number: line.split("  # ")[1]
        for number, line in enumerate(USES.read_text("utf-8").splitlines(), start=1)
        if "reveal_type(" in line
    }
    assert done.returncode == 0, done.stdout
    assert revealed.keys() == expected.keys()
    assert [(line, revealed[line]) for line, words in expected.items() if words not in revealed[line]] == []
