"""Every module is short, says what it holds, and lies in the source tree of the package."""

from __future__ import annotations

import ast
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
MODULES = sorted([*PROJECT.glob("src/**/*.py"), *PROJECT.glob("plugins/*/src/**/*.py")])
LONGEST = 400


def test_there_are_modules_to_look_at() -> None:
    assert PROJECT / "src" / "persopt" / "__init__.py" in MODULES


def test_no_module_is_longer_than_it_may_be() -> None:
    lengths = {str(path.relative_to(PROJECT)): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_every_module_says_what_it_holds() -> None:
    silent = [
        str(path.relative_to(PROJECT)) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []
